"""Adds rows together with their leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from sst_otel.audit.inserting import Row, add_new
from sst_otel.audit.seals import leaves, salts


class Batch:
    """The rows that a transaction has written, to be noted as leaves with them."""

    def __init__(self, connection: Connection, now: float) -> None:
        self.connection = connection
        self.now = now
        """When they arrived, epoch seconds."""
        self.lines: list[str] = []

    def add(self, table: Any, rows: Sequence[Row]) -> list[Row]:
        """Insert the rows that are not there yet; return those."""
        new = add_new(self.connection, table, rows)
        if new:
            salt: dict[str, str] = {}
            if table.name in leaves.SALTED:
                salt = salts.make(self.connection, [leaves.key_of(table.name, row) for row in new])
            self._tell(table, new, salt)
        return new

    def changed(self, table: Any, rows: Sequence[Row]) -> None:
        """Tell how rows of people or data are now."""
        keys = [leaves.key_of(table.name, row) for row in rows]
        self._tell(table, rows, salts.of(self.connection, keys))

    def _tell(self, table: Any, rows: Sequence[Row], salt: dict[str, str]) -> None:
        name = table.name
        self.lines += [
            leaves.line_of(name, row, salt.get(leaves.key_of(name, row), ""), self.now)
            for row in rows
        ]
