"""Asks the committed queries of a store as Grafana does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.audit.helpers import NOW
from tests.grafana.committed import Question, sql
from tests.grafana.macros import expanded
from tests.postgres import Database

DAY = 86_400.0
QUERIES = sql()


@dataclass(frozen=True)
class Asked:
    """A filled database."""

    database: Database
    questions: dict[str, Question] = field(default_factory=lambda: dict(QUERIES))

    def __call__(
        self, name: str, *, days: float = 30, **values: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Return what a query gives for the last ``days``; ``values`` are the variables'."""
        # A store may be filled long after NOW, when these files were first read.
        until = time.time() + 600
        text = expanded(self.questions[name].text, NOW - days * DAY, until, values)
        with (
            psycopg.connect(self.database.dsn, row_factory=dict_row) as connection,
            connection.cursor() as cursor,
        ):
            return cursor.execute(text.encode()).fetchall()

    def one(self, name: str, **values: Any) -> Any:
        """Return the one value that a query gives."""
        [row] = self(name, **values)
        [value] = row.values()
        return value


def table(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Return these columns of the rows."""
    return [tuple(row[name] for name in names) for row in rows]
