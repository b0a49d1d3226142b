"""What leaves cost where rows are written, and how fast a log is sealed and verified.

An event is a share of three data with its outcome, of 300 people. It is verified by the command, in
a process of its own, whose processor time and memory are told; PostgreSQL's own time is in the
seconds. Run by hand: ``python -m benchmarks.seals [EVENTS]``.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sst_otel.audit import models
from sst_otel.audit.decoding import decode
from sst_otel.audit.records import Record, outcome_record, share_record
from sst_otel.audit.seals import leaves
from sst_otel.shares import new_event_id
from tests.audit.helpers import MINTER, NOW, share
from tests.audit.seals.sample import Sealed
from tests.postgres import running_server

_BATCH = 1_000
_PEOPLE = 300
_TIMES = 5


def batch(start: int) -> list[Record]:
    """Return a thousand events with their outcomes."""
    found: list[Record] = []
    for number in range(start, start + _BATCH):
        at = NOW + number / 1_000
        owner = MINTER.owner(str(number % _PEOPLE))
        event = share(owner, "email", "phone", "city", at=at, event_id=new_event_id(at))
        found.append(decode(share_record(event)))
        found.append(decode(outcome_record(event.event_id, "sent", at)))
    return found


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds, and those of the processor in this process, that something took."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used


def measure(name: str, sample: Sealed, events: int) -> None:
    """Print a line of the table."""
    for start in range(0, events, _BATCH):
        sample.store.append(batch(start))
    seconds, _ = spent(sample.seal)
    sealing = 2 * events / seconds
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    rows = verified(sample)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{name:<12}{rows:>10,}{sealing:>14,.0f}{seconds:>12,.0f}{rows / seconds:>14,.0f}"
        f"{used / rows * 1e6:>10.1f}{after.ru_maxrss // 1024:>8}"
    )


def verified(sample: Sealed) -> int:
    """Verify by the command; return how many rows were good."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sst_otel.cli", "verify", "--format", "json"),
            *("--anchor", str(sample.anchor)),
        ],
        env={
            **os.environ,
            "SST_DATABASE_URL": sample.url,
            "SST_SEAL_KEY_FILE": str(sample.key),
        },
        stdout=subprocess.PIPE,
        check=True,
    )
    return int(json.loads(done.stdout)["rows"])


def lines(sample: Sealed) -> float:
    """Return the microseconds that the two leaves of an event take, the fastest of a few runs."""
    table, outcome = models.AuditLog.__table__, models.Outcome.__table__.name
    with sample.store.reading() as connection:
        rows = [dict(row._mapping) for row in connection.execute(table.select().limit(_BATCH))]
    ends = [
        {"event_id": row["event_id"], "at": row["timestamp"], "outcome": "sent"} for row in rows
    ]

    def work() -> None:
        for row, end in zip(rows, ends, strict=True):
            leaves.line_of(table.name, row, "", NOW)
            leaves.line_of(outcome, end, "", NOW)

    return min(spent(work)[1] for _ in range(_TIMES)) / len(rows) * 1e6


def main() -> None:
    """Measure either database."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    print(
        f"{'':<12}{'rows':>10}{'sealed/s':>14}{'verified, s':>12}{'verified/s':>14}"
        f"{'us/row':>10}{'MB':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        sample = Sealed(f"sqlite:///{folder}/audit.db", Path(folder))
        measure("SQLite", sample, events)
        cost = lines(sample)
        sample.close()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server() as server,
        server.database() as database,
    ):
        sample = Sealed(database.url("psycopg"), Path(folder))
        measure("PostgreSQL", sample, events)
        sample.close()
    print(f"leaves of an event: {cost:.1f} us")


if __name__ == "__main__":
    main()
