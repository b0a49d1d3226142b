"""Which columns of which table a statement carries values to."""

from __future__ import annotations

from typing import Any

import pytest

from sst_otel.sinks import sql_columns
from sst_otel.sinks.statements import MAX_ROWS, carried, copied, is_write

Row = dict[str, Any]
WRITES: list[tuple[str, str, list[Any], str, list[Row]]] = [
    (
        "sqlite",
        "INSERT INTO t (a, b) VALUES (?, 'it''s')",
        [("x",)],
        "INSERT",
        [{"a": "x", "b": "it's"}],
    ),
    (
        "sqlite",
        "insert into t (a, b) values (?, ?), (?, 5)",
        [(1, 2, 3)],
        "INSERT",
        [{"a": 1, "b": 2}, {"a": 3, "b": 5}],
    ),
    (
        "sqlite",
        "INSERT INTO t VALUES (:m, :n)",
        [{"m": 1, "n": 2}],
        "INSERT",
        [{"column1": 1, "column2": 2}],
    ),
    ("sqlite", "INSERT OR REPLACE INTO t (a) VALUES (?1)", [("x",)], "INSERT", [{"a": "x"}]),
    (
        "mysql",
        'REPLACE INTO t (a, b) VALUES (%s, "q")',
        [("x",)],
        "REPLACE",
        [{"a": "x", "b": "q"}],
    ),
    ("mysql", "REPLACE t SET a = %(x)s", [{"x": 1}], "REPLACE", [{"a": 1}]),
    (
        "mysql",
        "INSERT INTO t (a) VALUES (%s) ON DUPLICATE KEY UPDATE b = %s",
        [(1, 2)],
        "INSERT",
        [{"a": 1, "b": 2}],
    ),
    (
        "postgresql",
        "INSERT INTO s.t (a) SELECT %s ON CONFLICT (a) DO UPDATE SET b = %s",
        [(1, 2)],
        "INSERT",
        [{"a": 1, "b": 2}],
    ),
    (
        "postgresql",
        "WITH q AS (SELECT %s AS m) INSERT INTO t (a) SELECT m FROM q",
        [(1,)],
        "INSERT",
        [{"m": 1}],
    ),
    (
        "postgresql",
        "UPDATE t SET (a, b) = (%s, %s), c = d || %s WHERE e = %s",
        [(1, 2, 3, 4)],
        "UPDATE",
        [{"a": 1, "b": 2, "c": 3}],
    ),
    (
        "postgresql",
        "MERGE INTO t USING (VALUES (%s, %s)) AS s (x, y) ON t.e = s.x "
        "WHEN NOT MATCHED THEN INSERT (e, f) VALUES (s.x, %s)",
        [(1, 2, 3)],
        "MERGE",
        [{"x": 1, "y": 2, "f": 3}],
    ),
    (
        "postgresql",
        "-- who\nINSERT INTO t (a) VALUES ($$it's; here$$)",
        [],
        "INSERT",
        [{"a": "it's; here"}],
    ),
    ("mysql", "CALL t(%s)", [("x",)], "CALL", [{"parameter1": "x"}]),
]


@pytest.mark.parametrize(("dialect", "text", "sets", "operation", "rows"), WRITES)
def test_what_is_written(
    dialect: str, text: str, sets: list[Any], operation: str, rows: list[Row]
) -> None:
    (found,) = carried(text, sets, dialect, lookups=False)
    assert (found.operation, found.table, found.writes) == (operation, "t", True)
    assert found.rows == rows
    assert found.total == len(rows)


def test_what_is_compared_with_counts_on_request() -> None:
    text = "SELECT * FROM t JOIN u USING (id) WHERE lower(a) = lower(%s) OR a = %s OR b IN ('q')"
    assert carried(text, [(1, 2)], "postgresql", lookups=False) == []
    (found,) = carried(text, [(1, 2)], "postgresql", lookups=True)
    assert (found.operation, found.table, found.writes) == ("SELECT", "t", False)
    assert found.rows == [{"a": 1, "b": "q"}, {"a": 2}]
    assert found.total == 1
    text = "UPDATE t SET a = ? WHERE b = ?"
    assert carried(text, [(1, 2)], "", lookups=True)[0].rows == [{"a": 1, "b": 2}]
    (deleted,) = carried("DELETE FROM t WHERE b = ?", [(1,)], "", lookups=True)
    assert (deleted.operation, deleted.writes, deleted.rows) == ("DELETE", False, [{"b": 1}])


def test_several_statements_are_one_a_table() -> None:
    text = "BEGIN; INSERT INTO t (a) VALUES ('x;y'); INSERT INTO t (a) VALUES ('z'); COMMIT;"
    (found,) = carried(text, [], "sqlite", lookups=False)
    assert found.rows == [{"a": "x;y"}, {"a": "z"}]
    assert found.total == 2


def test_many_sets_are_counted_and_some_kept() -> None:
    sets = [(number,) for number in range(MAX_ROWS + 7)]
    (found,) = carried("INSERT INTO t (a) VALUES (?)", sets, "sqlite", lookups=False)
    assert len(found.rows) == MAX_ROWS
    assert found.total == MAX_ROWS + 7


@pytest.mark.parametrize("text", ["INSERT INTO t (a) VAL ('x', %s", "UPDATE t SETTING a ! 'x' %s"])
def test_what_cannot_be_read_is_looked_at_whole(text: str) -> None:
    (found,) = carried(text, [("y",)], "postgresql", lookups=False)
    assert found.table == "t"
    assert found.rows == [{"parameter1": "y", "statement": ["x"]}]


@pytest.mark.parametrize("text", ["", ";", "COMMIT", "CREATE TABLE t (a TEXT DEFAULT 'x')", "é"])
def test_nothing_is_carried(text: str) -> None:
    assert is_write(text) is None
    assert carried(text, [], "", lookups=True) == []


def test_copies() -> None:
    assert copied('COPY s.t ("a", b) FROM STDIN WITH CSV') == ("t", ("a", "b"))
    assert copied("copy t from stdin") == ("t", ())
    assert copied("COPY t TO STDOUT") is None


def test_of_long_statements_few_are_kept() -> None:
    kept = sql_columns._columns_of_short, sql_columns._columns_of_long
    before = [cache.cache_info().currsize for cache in kept]
    for number in range(150):
        text = f"INSERT INTO leads (mail) VALUES (?) /* {'x' * 2_000} {number} */"
        assert len(sql_columns.columns_of(text, "sqlite", False).targets) == 1
    huge = f"INSERT INTO leads (mail) VALUES {', '.join(['(?)'] * 10_000)}"
    assert sql_columns.columns_of(huge, "sqlite", False).table == "leads"
    short, long = (cache.cache_info().currsize for cache in kept)
    assert short == before[0] + 1  # the batch's first row
    assert long <= 100
