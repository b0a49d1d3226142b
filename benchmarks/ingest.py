"""What ``sst-otel ingest`` takes: whole requests over loopback, committed and answered.

An event is a share of three data with its outcome: two log records. Senders keep four requests of
1,000 events under way, gzip as an application sends them. The processor time is that of the ingest
alone, then that of PostgreSQL (tests/postgres.py starts one; SQLite's is in the ingest's). Run by
hand on a quiet machine: ``python -m benchmarks.ingest [EVENTS]``.
"""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path

import requests
from sqlalchemy import func, select

from sst_otel.audit import models
from sst_otel.audit.decoding import decode
from sst_otel.audit.otlp import request_of
from sst_otel.audit.records import Record, outcome_record, share_record
from sst_otel.audit.store import Store
from sst_otel.shares import new_event_id
from tests.audit.helpers import MINTER, NOW, share
from tests.postgres import running_server

_BATCH = 1_000
_SENDERS = 4
_PEOPLE = 300
_HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
_TICK = os.sysconf("SC_CLK_TCK")


def bodies(events: int) -> list[bytes]:
    """Return requests that tell of ``events`` new events together."""
    people = [MINTER.owner(str(number)) for number in range(_PEOPLE)]
    made = []
    for start in range(0, events, _BATCH):
        records: list[Record] = []
        for number in range(start, min(start + _BATCH, events)):
            at = NOW + number / 1_000
            owner = random.choice(people)
            event = share(owner, "email", "phone", "city", at=at, event_id=new_event_id(at))
            records.append(decode(share_record(event)))
            records.append(decode(outcome_record(event.event_id, "sent", at)))
        made.append(gzip.compress(request_of(records).SerializeToString(), 1))
    return made


@contextmanager
def ingest(url: str) -> Iterator[tuple[str, int]]:
    """Run one; gives its address and process id."""
    script = Path(sys.executable).with_name("sst-otel")
    with subprocess.Popen(
        [script, "ingest", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SST_DATABASE_URL": url},
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()


def seconds_used(process: int) -> float:
    """Return the processor time of a process, user and system."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def children(process: int) -> list[int]:
    """Return the processes that ``process`` has started and that run still."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return [int(word) for one in threads for word in (one / "children").read_text().split()]


def send(addresses: list[str], made: list[bytes]) -> float:
    """Send all; return the seconds it took."""

    def sender(number: int) -> None:
        session = requests.Session()
        for body in made[number::_SENDERS]:
            address = addresses[number % len(addresses)]
            while True:  # 503: the database was busy, come again
                answer = session.post(address, data=body, headers=_HEADERS, timeout=120)
                if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                    break
            answer.raise_for_status()

    began = time.perf_counter()
    with ThreadPoolExecutor(_SENDERS) as pool:
        list(pool.map(sender, range(_SENDERS)))
    return time.perf_counter() - began


def rows(url: str) -> int:
    """Return how many events there are."""
    with Store(url).reading() as connection:
        table = models.AuditLog.__table__
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def measure(name: str, url: str, events: int, processes: int, server: int | None) -> None:
    """Print a line of the table."""
    made = bodies(events)
    warm = bodies(_BATCH * _SENDERS)
    with ExitStack() as stack:
        running = [stack.enter_context(ingest(url)) for _ in range(processes)]
        addresses = [address for address, _ in running]
        send(addresses, warm)
        before = sum(seconds_used(process) for _, process in running)
        backends = sum(map(seconds_used, children(server))) if server else 0.0
        took = send(addresses, made)
        used = sum(seconds_used(process) for _, process in running) - before
        backends = (sum(map(seconds_used, children(server))) if server else 0.0) - backends
        there = rows(url)
        again = send(addresses, made)
        added = rows(url) - there
    print(
        f"{name:<28}{events / took:>10,.0f}{used / events * 1e6:>14.0f}"
        f"{backends / events * 1e6:>14.0f}{events / again:>14,.0f}{added:>8}"
    )


def main() -> None:
    """Measure each case."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    print(
        f"{'':<28}{'events/s':>10}{'us/event':>14}{'us PostgreSQL':>14}{'again/s':>14}{'added':>8}"
    )
    with running_server() as server:
        lines = (server.folder / "data" / "postmaster.pid").read_text().splitlines()
        for processes in (1, 2):
            with server.database() as database:
                name = f"PostgreSQL, {processes} process{'es' * (processes > 1)}"
                measure(name, database.url("psycopg"), events, processes, int(lines[0]))
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite, 1 process", f"sqlite:///{folder}/audit.db", events, 1, None)


if __name__ == "__main__":
    main()
