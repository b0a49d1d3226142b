"""A batch is read by its first row as it would be read whole."""

from __future__ import annotations

import pytest

from sst_otel.sinks.sql_columns import _columns_of, columns_of
from sst_otel.sinks.value_rows import folded


def rows(row: str, count: int = 6) -> str:
    """Return that many rows; ``{n}`` and ``{m}`` number the placeholders from 1."""
    return ", ".join(row.format(n=2 * i + 1, m=2 * i + 2) for i in range(count))


@pytest.mark.parametrize(
    ("statement", "dialect", "formats"),
    [
        (f"INSERT INTO users (email, city, n) VALUES {rows('(?, ?, 3)')}", "sqlite", False),
        (
            f"INSERT INTO users (email, city) VALUES {rows('(%s, %s)')} RETURNING id",
            "postgresql",
            True,
        ),
        (
            f'insert into "users" ("email", "city") values {rows("(${n}, ${m})")}'
            " ON CONFLICT DO NOTHING",
            "postgresql",
            False,
        ),
        (f"INSERT INTO users (email, n) VALUES {rows('(%(e{n})s, NULL)')}", "mysql", True),
        (f"INSERT INTO users (n, email) VALUES {rows('(DEFAULT, :email_{n})')}", "sqlite", False),
        (
            f"INSERT INTO users (a, b) VALUES {rows('(:sst_literal_{n}, :sst_literal_{m})')}",
            "postgresql",
            True,
        ),
        (f"REPLACE INTO users VALUES {rows('(?, ?)')}", "sqlite", False),
    ],
)
def test_it_is_the_same_as_read_whole(statement: str, dialect: str, formats: bool) -> None:
    batch = folded(statement)
    assert batch is not None
    whole = _columns_of(statement, dialect, formats)
    assert whole.targets
    assert batch.unfold(columns_of(batch.first, dialect, formats)) == whole


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ?",
        f"INSERT INTO users (a, b) VALUES {rows('(?, ?)', 3)}",
        f"INSERT INTO users (a, b) VALUES {rows('(?, lower(?))')}",
        f"INSERT INTO users (a, b) VALUES {rows('(?, ?)')} ON CONFLICT DO UPDATE SET a = ?",
        f"WITH x AS (SELECT ?) INSERT INTO users (a, b) VALUES {rows('(?, ?)')}",
        f"INSERT INTO users (a, b) VALUES {rows('(?, ?)')}, (?)",
        f"INSERT INTO users (a, b) VALUES {rows('(?, ?)')}; DELETE FROM users WHERE a = ?",
    ],
)
def test_what_is_read_whole(statement: str) -> None:
    assert folded(statement) is None


def test_a_batch_that_is_too_long_to_be_parsed() -> None:
    statement = f"INSERT INTO users (email, city) VALUES {rows('(?, ?)', 3_000)}"
    columns = columns_of(statement, "sqlite", False)
    assert (columns.table, len(columns.targets)) == ("users", 6_000)
    last = columns.targets[-1]
    assert (last.column, last.place, last.row) == ("city", 5_999, 2_999)
