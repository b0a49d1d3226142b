"""What questions cost on a PostgreSQL with many events: best, median and worst of ten, in ms.

A year of events in thirteen partitions, about a hundred of each person. First what the pages and
commands ask, in full (rows read, people joined, ids unsealed), on connections that are there, and
with cycles looked for seldom, as in ``sst-otel serve``; then what each panel, variable and alert of
Grafana asks. What is asked of one person is asked of another each time, so that no row was read a
moment before. Run by hand, on a quiet machine: ``python -m benchmarks.store [EVENTS]``; a million
takes one minute to five to fill.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import psycopg

from sst_otel.audit.log import open_reader
from sst_otel.audit.queries import Reader
from sst_otel.audit.store import Store
from sst_otel.cli.server import collect_seldom
from sst_otel.settings import Settings
from tests.audit.filling import DAY, fill
from tests.audit.helpers import KEYS, MINTER, NOW
from tests.grafana.committed import sql
from tests.grafana.macros import expanded
from tests.postgres import Database, running_server

_TIMES = 10
_APART = 29
"""People of neighbouring numbers share pages of the table; so far apart they do not."""
_OPENS_WITH = {"sst-new-flows": 7, "sst-person": 365, "sst-events": 1, "sst-pipeline": 1}


def main() -> None:
    """Fill a store and ask."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    number = max(300, events // 100)
    people = (str(_APART * turn % number) for turn in count())
    with running_server() as server, server.database() as database:
        url = database.url("psycopg")
        store = Store(url)
        began = time.perf_counter()
        fill(store, events, number, 365, NOW)
        print(f"{events:,} events filled in {time.perf_counter() - began:.0f} s")
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(database_url=url, spool_dir=Path(folder) / "none")
            collect_seldom()
            ask_reader(open_reader(settings, KEYS, Store(url, 1)), people)
        ask_dashboards(database, people)


def ask_dashboards(database: Database, people: Iterator[str]) -> None:
    """Ask what each panel of Grafana's dashboards asks, of as many days as it opens with."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for name, question in sql().items():
            days = _OPENS_WITH.get(name.split(" / ")[0], 30)

            def ask(person: str, text: str = question.text, days: int = days) -> None:
                chosen = {"person": [MINTER.owner(person).ref]}
                query = expanded(text, NOW - days * DAY, NOW, chosen)
                connection.execute(query.encode()).fetchall()

            show(f"{name} ({days} d)", ask, people)


def ask_reader(reader: Reader, people: Iterator[str]) -> None:
    """Ask what pages and commands ask."""
    questions: dict[str, Callable[[str], object]] = {
        "one owner's events": lambda person: reader.audit_logs(viewer=person),
        "one owner's events, by staff": lambda person: reader.audit_logs(
            viewer=None, owner_id=person
        ),
        "one owner's data": lambda person: reader.provenance(viewer=person),
        "one owner's summary": reader.summary,
        "one owner's recipients": lambda person: reader.recipients(viewer=person),
        "newest events": lambda _: reader.audit_logs(viewer=None),
        "summary of all": lambda _: reader.summary(None),
        "recipients of all": lambda _: reader.recipients(viewer=None),
    }
    for name, ask in questions.items():
        show(name, ask, people)


def show(name: str, ask: Callable[[str], object], people: Iterator[str]) -> None:
    """Print a line."""
    took = []
    ask(next(people))
    for person in islice(people, _TIMES):
        began = time.perf_counter()
        ask(person)
        took.append((time.perf_counter() - began) * 1_000)
    columns = (min(took), statistics.median(took), max(took))
    print(f"{name:<76}" + "".join(f"{column:>10.1f}" for column in columns))


if __name__ == "__main__":
    main()
