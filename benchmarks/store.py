"""What questions cost on a PostgreSQL with many events: best, median and worst of ten, in ms.

A year of events in thirteen partitions, about a hundred of each person. First what the pages and
commands ask, in full (rows read, people joined, ids unsealed), on connections that are there, and
with cycles looked for seldom, as in ``sst-otel serve``; then what each panel, variable and alert of
Grafana asks. Run by hand, on a quiet machine: ``python -m benchmarks.store [EVENTS]``; a million
takes some minutes to fill.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
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
_ME = "42"
_OPENS_WITH = {"sst-new-flows": 7, "sst-person": 365, "sst-events": 1, "sst-pipeline": 1}


def main() -> None:
    """Fill a store and ask."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with running_server() as server, server.database() as database:
        url = database.url("psycopg")
        store = Store(url)
        began = time.perf_counter()
        fill(store, events, max(300, events // 100), 365, NOW)
        print(f"{events:,} events filled in {time.perf_counter() - began:.0f} s")
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(database_url=url, spool_dir=Path(folder) / "none")
            collect_seldom()
            ask_reader(open_reader(settings, KEYS, Store(url, 1)))
        ask_dashboards(database)


def ask_dashboards(database: Database) -> None:
    """Ask what each panel of Grafana's dashboards asks, of as many days as it opens with."""
    person = MINTER.owner(_ME).ref
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for name, question in sql().items():
            days = _OPENS_WITH.get(name.split(" / ")[0], 30)
            chosen = {"person": [person]}
            query = expanded(question.text, NOW - days * DAY, NOW, chosen).encode()

            def ask(query: bytes = query) -> None:
                connection.execute(query).fetchall()

            show(f"{name} ({days} d)", ask)


def ask_reader(reader: Reader) -> None:
    """Ask what pages and commands ask."""
    questions: dict[str, Callable[[], object]] = {
        "one owner's events": lambda: reader.audit_logs(viewer=_ME),
        "one owner's events, by staff": lambda: reader.audit_logs(viewer=None, owner_id=_ME),
        "one owner's data": lambda: reader.provenance(viewer=_ME),
        "one owner's summary": lambda: reader.summary(_ME),
        "one owner's recipients": lambda: reader.recipients(viewer=_ME),
        "newest events": lambda: reader.audit_logs(viewer=None),
        "summary of all": lambda: reader.summary(None),
        "recipients of all": lambda: reader.recipients(viewer=None),
    }
    for name, ask in questions.items():
        show(name, ask)


def show(name: str, ask: Callable[[], object]) -> None:
    """Print a line."""
    took = []
    ask()
    for _ in range(_TIMES):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1_000)
    columns = (min(took), statistics.median(took), max(took))
    print(f"{name:<76}" + "".join(f"{column:>10.1f}" for column in columns))


if __name__ == "__main__":
    main()
