"""Rows as database libraries hand them out: their values are in whatever is made of the row."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.lineage.support import describe, fresh, marked, run_in_function, scope, source_value

Make = Callable[[], Any]


@pytest.fixture
def from_sqlite() -> Iterator[Make]:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    yield lambda: connection.execute("SELECT 'Ann Keller' AS name, 'Reading' AS city").fetchone()
    connection.close()


@pytest.fixture
def from_sqlalchemy() -> Iterator[Make]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield lambda: connection.execute(
            text("SELECT 'Ann Keller' AS name, 'Reading' AS city")
        ).one()
    engine.dispose()


SNIPPETS = {
    "join": "r = ', '.join(row)",
    "join of a generator": "r = [', '.join(one) for one in [row]][0]",
    "str of a list": "r = str(list(row))",
    "json": "import json\nr = json.dumps(tuple(row))",
    "template": "r = '{} in {}'.format(*row)",
    "percent": "r = '%s in %s' % tuple(row)",
}


@pytest.mark.parametrize("library", ["from_sqlite", "from_sqlalchemy"])
@pytest.mark.parametrize("snippet", SNIPPETS)
def test_what_is_made_of_a_row(library: str, snippet: str, request: pytest.FixtureRequest) -> None:
    with scope() as opened:
        row = request.getfixturevalue(library)()
        source_value(row[0], "name", opened)
        source_value(row[1], "city", opened)
        made = run_in_function(SNIPPETS[snippet], row=row)["r"]
        assert describe(marked(made)) == "composed name:ada city:ada"


def test_an_iterable_of_the_program_is_asked_once() -> None:
    class Row:
        asked = 0

        def __iter__(self) -> Iterator[str]:
            self.asked += 1
            return iter(("Ann", "Keller"))

    with scope() as opened:
        source_value(fresh("Ann Keller"), "name", opened)
        row = Row()
        assert run_in_function("r = ' '.join(row)", row=row)["r"] == "Ann Keller"
        assert row.asked == 1
