"""Quart, Litestar and python-socketio themselves, which are followed without being known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beside.environment import ASGI
from tests.isolated import binaries_of
from tests.sources.processes import environment, events, ran
from tests.support import Vendor
from tests.system.launch import APPS, OTEL

pytestmark = pytest.mark.stack  # needs the environment
TRUTH = {  # in the order in which they are asked
    "quart_form": {"email"},
    "quart_json": {"phone"},
    "quart_query": {"email"},
    "quart_websocket": {"email"},
    "litestar_json": {"email", "phone"},
    "litestar_query": {"email"},
    "socketio_event": {"email"},
}
NOTHING_PERSONAL = "/v1/quart_rates"


@pytest.fixture
def programs(wheel: Path) -> Iterator[Path]:
    with binaries_of(ASGI, wheel) as folder:
        yield folder


def test_each_share_is_its_visitors(programs: Path, vendor: Vendor, tmp_path: Path) -> None:
    environ = {**environment(tmp_path), "PYTHONPATH": str(APPS)}
    command = [str(programs / "python"), str(APPS / "foreigners.py"), vendor.url]
    answers = []
    for launcher in ([], [str(programs / OTEL)]):
        done = ran([*launcher, *command], environ, tmp_path)
        assert done.returncode == 0, done.stderr
        assert "sst_otel" not in done.stderr
        answers.append(json.loads(done.stdout))
    plain, tracked = answers
    assert tracked == plain
    assert len(plain) == len(TRUTH) + 2  # a page of nobody, and an error
    paths = [path for _, path, _ in vendor.received]
    assert paths.count(NOTHING_PERSONAL) == 2
    rows = events(environ)
    rows.sort(key=lambda row: float(row["timestamp"]))
    assert dict(zip(TRUTH, [set(row["data_types"]) for row in rows], strict=True)) == TRUTH
    assert len({row["owner_id"] for row in rows}) == len(rows) == len(TRUTH)
