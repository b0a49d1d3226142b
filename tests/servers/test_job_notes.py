"""Notes of RQ jobs (``meta``) as carriers: who works for a trusted queue is told, no other is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.servers.jobs import PLACE
from tests.sources.processes import environment, events
from tests.support import Vendor
from tests.system.launch import APPS, OTEL

pytestmark = pytest.mark.stack

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
HANDED_ON = "a=1,sst.owner=abc,sst.mac=def"
LEAVE = f"""
import json, sys
import redis, rq, sst_otel, deeds
connection = redis.Redis(port=int(sys.argv[1]))
found = []
for name, meta in (
    ("letters", {{"baggage": "{HANDED_ON}"}}),
    ("letters", {{"traceparent": "{PARENT}"}}),
    ("trusted", {{"traceparent": "{PARENT}"}}),
):
    with sst_otel.scope("7", name="job"):
        sst_otel.tag("ada.vossberg@mail.example", "email")
        job = rq.Queue(name, connection=connection).enqueue(
            deeds.welcome, 7, "ada.vossberg@mail.example", city="Zwickau", meta=meta
        )
    stored = rq.job.Job.fetch(job.id, connection=connection).meta
    found.append([stored, job.meta == meta])
print(json.dumps(found))
"""


def test_a_queue_is_trusted_by_its_name(
    binaries: Path, redis_port: int, vendor: Vendor, tmp_path: Path
) -> None:
    environ = environment(tmp_path, VENDOR=vendor.url, SST_TRUSTED_HOSTS="trusted")
    environ["PYTHONPATH"] = str(APPS)
    left = subprocess.run(
        [str(binaries / OTEL), str(binaries / "python"), "-c", LEAVE, str(redis_port)],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    (handed_on, same), (other, _), (trusted, unchanged) = json.loads(left.stdout)
    assert same is unchanged is True
    assert handed_on == {"baggage": "a=1"}
    assert other == {"traceparent": PARENT}
    assert "sst.mac=" in trusted["baggage"]

    worker = (str(binaries / "rq"), "worker", "-u", f"redis://127.0.0.1:{redis_port}", "--burst")
    subprocess.run(
        [str(binaries / OTEL), *worker, "letters", "trusted"],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        timeout=200,
        check=True,
    )
    performed = [event for event in events(environ) if event["destination"] == PLACE]
    names = [event["metadata"].get("sst.received.tag.ids") for event in performed]
    assert len(names) == 3
    assert len([name for name in names if name]) == 1
