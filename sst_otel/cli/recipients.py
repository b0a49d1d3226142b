"""``sst-otel recipients``: everybody who got data, known or not, what and whose how often."""

from __future__ import annotations

import argparse
from typing import Any

from sst_otel.cli import listing, opening
from sst_otel.cli.events import moment
from sst_otel.cli.output import (
    Column,
    Row,
    write_csv,
    write_json,
    write_ndjson,
    write_table,
)

NAME = "recipients"
HELP = "list who got data, known and unknown: what for, where, which data, of how many people"
FIELDS = (
    "recipient",
    "purpose",
    "role",
    "country",
    "known",
    "domains",
    "hosts",
    "data_types",
    "people",
    "events",
    "first_seen",
    "last_seen",
)
FILTERS = ("since", "until")


def _who(row: Row) -> str:
    """Return the organisation, or for one that is not known the domain that tells it apart."""
    if row["known"]:
        return str(row["recipient"])
    return f"{', '.join(row['domains']) or 'no host'} (unknown)"


def _told(text: str) -> str:
    return "-" if text == "unknown" else text.replace("_", " ")


def _seen(row: Row) -> str:
    first, last = moment(row["first_seen"])[:10], moment(row["last_seen"])[:10]
    return first if first == last else f"{first} {last}"


COLUMNS = (
    Column("RECIPIENT", _who),
    Column("PURPOSE, ROLE", lambda row: f"{_told(row['purpose'])}, {_told(row['role'])}"),
    Column("IN", lambda row: _told(row["country"])),
    Column("DATA", lambda row: ", ".join(row["data_types"])),
    Column("PEOPLE", lambda row: f"{row['people']:,}"),
    Column("EVENTS", lambda row: f"{row['events']:,}"),
    Column("SEEN (UTC)", _seen),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the times between which to look, and ``--unknown``."""
    parser.add_argument(
        "--unknown", action="store_true", help="only those that the register does not name"
    )
    listing.add_filters(parser, FILTERS)


def run(options: argparse.Namespace) -> int:
    """Print the recipients, the latest first."""
    used: dict[str, Any] = listing.asked(options, FILTERS)
    with opening.reader(opening.settings()) as reader:
        rows = reader.recipients(viewer=None, unknown=options.unknown, **used)
    if options.format == "json":
        write_json({"recipients": rows})
    elif options.format == "ndjson":
        write_ndjson(rows)
    elif options.format == "csv":
        write_csv(rows, FIELDS)
    else:
        narrowed = used or options.unknown
        write_table(rows, COLUMNS, "No row fits." if narrowed else "Nothing is recorded yet.")
    return 0
