"""``sst-otel provenance``: every datum that was seen, where from, and how it was made."""

from __future__ import annotations

import argparse

from sst_otel.cli import listing
from sst_otel.cli.events import moment
from sst_otel.cli.output import Column
from sst_otel.pages.parameters import PROVENANCE_FILTERS

NAME = "provenance"
HELP = "list the personal data seen, whose it is and where it came from"
FIELDS = (
    "tag_id",
    "owner_id",
    "data_type",
    "sources",
    "lineage",
    "transformations",
    "first_seen",
    "last_seen",
)
COLUMNS = (
    Column("FIRST SEEN (UTC)", lambda row: moment(row["first_seen"])),
    Column("WHOSE", lambda row: row["owner_id"] or "-"),
    Column("DATA", lambda row: row["data_type"]),
    Column("SOURCES", lambda row: ", ".join(row["sources"])),
    Column("TAG", lambda row: row["tag_id"]),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the filters of the API."""
    listing.add_filters(parser, PROVENANCE_FILTERS)


def run(options: argparse.Namespace) -> int:
    """Print the provenance records."""
    return listing.show(options, "provenance", PROVENANCE_FILTERS, COLUMNS, FIELDS)
