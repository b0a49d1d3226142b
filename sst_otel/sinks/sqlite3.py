"""The standard library's SQLite driver as a sink: always the application's own database."""

from __future__ import annotations

import sqlite3

from sst_otel.patching import Patches
from sst_otel.sinks.dbapi import Statements, cursors_beneath
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server

_PLACE = "sink.sqlite3"


class SqliteSink:
    """What goes beneath the cursors that :mod:`sst_otel.sources.sqlite3` makes."""

    def __init__(self, emit: Outgoing) -> None:
        self._statements = Statements(_PLACE, "sqlite", emit, lambda _connection: Server("sqlite"))
        self._beneath = cursors_beneath(sqlite3.Cursor, self._statements)

    def beneath(self, base: type) -> type | None:
        """Return what goes directly above the driver's own class in a subclass of ``base``."""
        return self._beneath if issubclass(base, sqlite3.Cursor) else None

    def install(self) -> Patches:
        """Return what switches it off."""
        self._statements.patches.installed.append("sqlite3:Cursor")
        return self._statements.patches
