"""Jobs of RQ's workers and of APScheduler: people from their arguments and from stored rows."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.servers.jobs import PLACE, check_rq, told
from tests.sources.processes import environment
from tests.support import Vendor
from tests.system.launch import APPS, OTEL
from tests.system.test_workers import MEMBERS, club

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("kind", ["rq.Worker", "rq.SimpleWorker", "rq.worker.SpawnWorker"])
def test_jobs_of_rq(
    kind: str, binaries: Path, redis_port: int, vendor: Vendor, tmp_path: Path
) -> None:
    check_rq(kind, binaries, redis_port, vendor, tmp_path)


def test_rounds_of_apscheduler(binaries: Path, vendor: Vendor, tmp_path: Path) -> None:
    environ = environment(tmp_path, CLUB_DB=club(tmp_path), VENDOR=vendor.url)
    environ["PYTHONPATH"] = str(APPS)
    # Of Pyramid, which OpenTelemetry's instrumentation of it imports wherever it is installed.
    environ["PYTHONWARNINGS"] = "ignore:pkg_resources is deprecated as an API"
    done = subprocess.run(
        [str(binaries / OTEL), str(binaries / "python"), str(APPS / "rounds.py")],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    people = [str(number) for number, _, _ in MEMBERS]
    truth = Counter((PLACE, owner, ("email", "city"), "sent") for owner in [people[0], *people])
    found = told(environ, PLACE)
    assert Counter(row[1:] for row in found.elements()) == truth
