"""What ``events`` and ``provenance`` share: the API's filters, pages until the end, all formats."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sst_otel.cli import opening
from sst_otel.cli.errors import USAGE, CommandError
from sst_otel.cli.output import Column, add_format, write_csv, write_json, write_ndjson, write_table
from sst_otel.pages.parameters import MAX_LIMIT, ParameterError, filters

_HELP = {
    "owner_id": "the application's own id of the person, or their owner_ref",
    "destination": "its whole text; * stands for anything, as in '*openai*'",
    "recipient": "name of the organisation, as in the register",
    "data_type": "such as email or income",
    "event_type": "such as external_api or database_write",
    "trace_id": "of the request or job, 32 hexadecimal digits",
    "since": "seconds since 1970, or ISO 8601 (UTC where no zone is named)",
    "until": "the same, exclusive; a bare date includes that day",
    "limit": "at most so many rows; default: all",
    "cursor": "go on after next_cursor of an earlier answer",
}


def add_filters(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    """Add an option for each filter of the API, and ``--format``."""
    for name in names:
        parser.add_argument(
            f"--{name.replace('_', '-')}", dest=name, metavar=name.upper(), help=_HELP[name]
        )
    add_format(parser)


def show(
    options: argparse.Namespace,
    kind: str,
    names: Sequence[str],
    columns: Sequence[Column],
    fields: Sequence[str],
) -> int:
    """Print what the reader's method ``kind`` gives for the options; return the exit code."""
    limit = _limit(getattr(options, "limit", None))
    used = asked(options, [name for name in names if name != "limit"])
    with opening.reader(opening.settings()) as reader:
        rows = Rows(getattr(reader, kind), used, limit)
        if options.format == "json":
            write_json({kind: list(rows), "next_cursor": rows.next_cursor})
        elif options.format == "ndjson":
            write_ndjson(rows)
        elif options.format == "csv":
            write_csv(rows, fields)
        else:
            write_table(rows, columns, "No row fits." if used else "Nothing is recorded yet.")
    return 0


def asked(options: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    """Return the filters among ``names`` that the options set; a wrong one ends with code 2."""
    raw = {name: value for name in names if (value := getattr(options, name)) is not None}
    try:
        used = filters(raw, names, limit=MAX_LIMIT)
    except ParameterError as error:
        raise _usage(error) from None
    del used["limit"]
    return used


class Rows:
    """The reader's objects, newest first, page after page; ``limit`` None gives all."""

    def __init__(
        self, query: Callable[..., Any], used: dict[str, Any], limit: int | None = None
    ) -> None:
        self._query = query
        self._used = used
        self._left = limit
        self.next_cursor: str | None = used.get("cursor")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Read on; afterwards ``next_cursor`` tells where it ended."""
        while self._left is None or self._left > 0:
            size = MAX_LIMIT if self._left is None else min(self._left, MAX_LIMIT)
            asked = {**self._used, "cursor": self.next_cursor, "limit": size}
            try:
                rows, self.next_cursor = self._query(viewer=None, **asked)
            except ValueError:
                raise CommandError("--cursor is not a next_cursor of this answer", USAGE) from None
            yield from rows
            if self._left is not None:
                self._left -= len(rows)
            if self.next_cursor is None:
                return


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < 1:
        raise CommandError("--limit must be a whole number of at least 1", USAGE)
    return int(text)


def _usage(error: ParameterError) -> CommandError:
    return CommandError(f"--{error.name.replace('_', '-')} {error.problem}", USAGE)
