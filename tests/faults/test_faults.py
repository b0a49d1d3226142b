"""Each share that a vendor got has exactly one row, whatever breaks on the way to the store."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.clock import Clock
from tests.faults.line import DOWN_SECONDS, SHARES, WORKERS, Line, standing
from tests.faults.load import sending
from tests.faults.relay import Relay
from tests.stack.conftest import folder as folder
from tests.system.launch import OTEL
from tools.stack.program import Program
from tools.stack.waiting import wait_until

pytestmark = pytest.mark.stack

HOUR = 3_600
WORKERS_KILLED = 20
ACCEPTED = "otelcol_receiver_accepted_log_records"
FLASK = (OTEL, "flask", "--app", "parcels", "run", "--port", "{port}")
NOT_QUEUED = "otelcol_exporter_enqueue_failed_log_records"


@pytest.fixture(scope="module")
def line(folder: Path) -> Iterator[Line]:
    with standing(folder / "line") as built:
        yield built


def moments(run: int, count: int) -> list[int]:
    """Return by how many shares the vendor has it happens, differently for each run."""
    return sorted(random.Random(run).sample(range(1, SHARES), count))


def test_workers_killed(line: Line) -> None:
    dice = random.Random(1)
    with sending(line, 1, SHARES) as load:
        for moment in moments(1, WORKERS_KILLED):
            load.wait_for(moment)
            wait_until(lambda: bool(line.worker_pids()))
            os.kill(dice.choice(line.worker_pids()), signal.SIGKILL)
    wait_until(lambda: len(line.worker_pids()) == WORKERS)
    assert load.unanswered, "nobody was killed at work"
    load.check(killed=True)


@pytest.mark.parametrize(("run", "name", "times"), [(2, "collector", 10), (4, "ingest", 3)])
def test_a_part_killed(line: Line, run: int, name: str, times: int) -> None:
    part: Program = getattr(line, name)
    with sending(line, run, SHARES) as load:
        for moment in moments(run, times):
            load.wait_for(moment)
            part.kill()
            part.start()
    load.check()


def test_the_ingest_down(line: Line) -> None:
    with sending(line, 3, SHARES) as load:
        load.wait_for(SHARES // 3)
        assert line.ingest.stop() == 0
        threading.Event().wait(DOWN_SECONDS)  # the fault itself
        load.wait_for(SHARES)
        line.ingest.start()
    load.check()


def test_the_ingest_answers_503(line: Line) -> None:
    with sending(line, 5, SHARES) as load:
        load.wait_for(SHARES // 4)
        with line.to_ingest.unavailable():
            load.wait_for(SHARES)
            refused = line.to_ingest.refused
            wait_until(lambda: line.to_ingest.refused > refused + 2)
    load.check()


def test_postgresql_restarted(line: Line) -> None:
    with sending(line, 6, SHARES) as load:
        for moment in moments(6, 2):
            load.wait_for(moment)
            refused = line.answers()["503"]
            line.server.stop()
            wait_until(lambda: line.answers()["503"] > refused)  # noqa: B023 - waited for here
            line.server.start()
    load.check()
    assert line.answers()["503"] >= 2


@pytest.mark.parametrize(
    ("run", "wire"), [(7, "to_collector"), (8, "to_ingest"), (9, "to_database")]
)
def test_the_network_cut_and_held_up(line: Line, run: int, wire: str) -> None:
    relay: Relay = getattr(line, wire)
    with sending(line, run, SHARES) as load:
        load.wait_for(SHARES // 5)
        with relay.cut():
            load.wait_for(2 * SHARES // 5)
            refused = relay.refused
            wait_until(lambda: relay.refused > refused)
        load.wait_for(3 * SHARES // 5)
        with relay.held_up():
            load.wait_for(4 * SHARES // 5)
    load.check()


def test_the_queue_of_the_collector_is_full(folder: Path) -> None:
    # Room for one half of the shares, each of three records and 1,300 bytes, but not for both.
    half = SHARES // 2
    with standing(folder / "full", {"SST_QUEUE_BYTES": str(SHARES * 800)}) as line:
        with line.to_ingest.cut():
            with sending(line, 10, half) as first:
                first.wait_for(half)
            wait_until(lambda: line.of_collector(ACCEPTED) == 3 * half)
            with sending(line, 11, half) as second:
                second.wait_for(half)
            wait_until(lambda: line.of_collector(NOT_QUEUED) > 0, seconds=120)
        first.check()
        second.check()


def test_the_clock_of_the_site_set_back_and_forth(folder: Path) -> None:
    clock = Clock(folder / "clock")
    # gunicorn's arbiter sleeps, which this clock forbids.
    with standing(folder / "late", None, clock.environ(), FLASK) as line:
        with sending(line, 12, SHARES) as load:
            for part, seconds in ((1, -3 * HOUR), (2, HOUR), (3, -40 * 24 * HOUR)):
                load.wait_for(part * SHARES // 4)
                clock.set(seconds)
        load.check()
        hours = line.hours()
    assert {-40 * 24, -3, 0, 1} <= hours
