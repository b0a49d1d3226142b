"""``sst-otel events``: every share, newest first."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone

from sst_otel.cli import listing
from sst_otel.cli.output import Column, Row
from sst_otel.pages.parameters import LOG_FILTERS
from sst_otel.pages.reading import code_line
from sst_otel.tags import ERASED

NAME = "events"
HELP = "list what was shared, whose, with whom and when"
FIELDS = (
    "event_id",
    "event_type",
    "timestamp",
    "owner_id",
    "destination",
    "recipient",
    "purpose",
    "country",
    "service",
    "route",
    "data_types",
    "tag_ids",
    "evidence",
    "paths",
    "outcome",
    "trace_id",
    "span_id",
    "metadata",
    "stack_trace",
)
"""The objects of the API, in the order of design 4.4."""


def moment(seconds: float) -> str:
    """Return a time as a table shows it (UTC)."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M")


def _line(row: Row) -> str:
    """Return the code line short enough for a column: the file's name, not its folders."""
    return code_line(row).rpartition("/")[2].partition(" in ")[0]


def _whose(row: Row) -> str:
    return row["owner_id"] or (ERASED if ERASED in row["tag_ids"] else "-")


COLUMNS = (
    Column("WHEN (UTC)", lambda row: moment(row["timestamp"])),
    Column("WHOSE", _whose),
    Column("DESTINATION", lambda row: row["destination"]),
    Column("DATA", lambda row: ", ".join(row["data_types"])),
    Column("LINE", _line),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the filters of the API."""
    listing.add_filters(parser, LOG_FILTERS)


def run(options: argparse.Namespace) -> int:
    """Print the shares."""
    return listing.show(options, "audit_logs", LOG_FILTERS, COLUMNS, FIELDS)
