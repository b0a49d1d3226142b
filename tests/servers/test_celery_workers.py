"""What a site leaves to Celery's workers: whose each letter is, in every pool, to the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support import Vendor
from tests.system.launch import APPS, OTEL, Launched, launched, wait_until
from tests.system.launchers import GEVENT_PATCH
from tests.system.test_workers import MEMBERS, club

pytestmark = pytest.mark.stack
SITE = (OTEL, "flask", "--app", "mailroom", "run", "--port", "{port}")
NEW = (("eva.tanaka", "Zwickau"), ("finn.osei", "Reading"), ("gil.moreau", "Reading"))
FORKED = ("-P", "prefork", "-c", "2", "--max-tasks-per-child", "9", "-B")
POOLS = {
    "prefork": FORKED,
    "prefork, trusted": FORKED,
    "threads": ("-P", "threads", "-c", "4", "-B"),
    "gevent": ("-P", "gevent", "-c", "4"),
}
TRUSTED = {"SST_TRUSTED_HOSTS": "localhost,celery"}
Letter = tuple[str, str, frozenset[str]]
"""Path, owner's id, data types."""


@contextmanager
def working(
    app: Launched, binaries: Path, options: tuple[str, ...]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker beside a site, in its folder, for the time of the block at most."""
    command = (OTEL, "celery", "-A", "mailroom:celery", "worker", "-l", "WARNING", *options)
    with (app.folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [str(binaries / command[0]), *command[1:]],
            env=app.environ,
            cwd=app.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield worker
        finally:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


@pytest.mark.parametrize("name", POOLS)
def test_a_site_and_its_worker(
    name: str, binaries: Path, redis_port: int, vendor: Vendor, tmp_path: Path
) -> None:
    environ = {
        "PYTHONPATH": str(APPS),
        "CLUB_DB": club(tmp_path),
        "BROKER": f"redis://localhost:{redis_port}/{list(POOLS).index(name)}",
        **(TRUSTED if "trusted" in name else {}),
        **(GEVENT_PATCH if name == "gevent" else {}),  # without it it takes no task, ours or not
    }

    def arrive(path: str, count: int) -> None:
        wait_until(lambda: sum(at.startswith(path) for _, at, _ in vendor.received) >= count)

    with (
        launched(tmp_path, vendor.url, SITE, environ, tmp_path, binaries=binaries) as app,
        app.client() as client,
        working(app, binaries, POOLS[name]) as worker,
    ):
        for first, city in NEW:
            form = {"email": f"{first}@mail.example", "city": city}
            assert client.post(f"{app.url}/join", data=form).ok
        for path in ("/welcome", "/greet", "/invite", "/insist/1", "/send"):
            arrive(path, len(NEW))
        assert client.post(f"{app.url}/report").json() == {"count": 6}
        arrive("/report", 6)
        arrive("/welcome", 9)
        if "-B" in POOLS[name]:
            arrive("/round", 6)
        if "prefork" in name:
            client.post(f"{app.url}/trouble")
            wait_until(lambda: "hard time limit" in (tmp_path / "worker.log").read_text().lower())
        client.post(f"{app.url}/last")
        arrive("/slow", 1)
        worker.terminate()  # it finishes its tasks first
        wait_until(lambda: "warm shutdown" in (tmp_path / "worker.log").read_text().lower())
        with redis.from_url(environ["BROKER"]) as broker:
            broker.rpush("go on", 1)
        assert worker.wait(60) == 0
        app.stop()
        rows = app.rows()
        assert app.ours() == []
    log = (tmp_path / "worker.log").read_text()
    assert "sst_otel" not in log
    letters = [row for row in rows if row["destination"].startswith("POST ")]
    assert {row["outcome"] for row in letters} == {"sent"}
    assert _told(letters, name) == _sent(vendor, name)


def _told(letters: list[dict[str, Any]], name: str) -> Counter[Letter]:
    found: Counter[Letter] = Counter()
    for row in letters:
        path = row["destination"].partition("/")[2].partition("/")[0]
        found[_letter(path, row["owner_id"], set(row["data_types"]), name)] += 1
    return found


def _sent(vendor: Vendor, name: str) -> Counter[Letter]:
    """Return what has arrived: an address tells whose letter it is."""
    ids = {email: str(number) for number, email, _ in MEMBERS}
    last = MEMBERS[-1][0]
    ids |= {f"{first}@mail.example": str(last + n) for n, (first, _) in enumerate(NEW, 1)}
    sent: Counter[Letter] = Counter()
    for _, path, body in vendor.received:
        fields = json.loads(body)
        told = {"email"} | ({"city"} if fields.keys() & {"town", "where", "body"} else set())
        owner = ids[fields.get("to") or fields["who"]]
        sent[_letter(path.split("/")[1], owner, told, name)] += 1
    return sent


def _letter(path: str, owner: str, types: set[str], name: str) -> Letter:
    """Leave out what only the process knows that has met the person."""
    if path == "greet" and "trusted" not in name:
        owner = ""  # an address alone is a stranger's, but where its account was met
    return path, owner, frozenset(types - {"city"} if path == "send" else types)
