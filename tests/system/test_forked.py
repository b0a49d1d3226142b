"""Servers that fork their workers, preloaded or not, and a reloader: telemetry in the children."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import Vendor
from tests.system.forked import check_children
from tests.system.launchers import GUNICORN, UVICORN, WORKERS

pytestmark = pytest.mark.stack
PRELOADED = (*GUNICORN, "-w", "2", "--preload", "-k", "gthread", "--threads", "2", "mirror:app")
WAYS = {
    "gunicorn": ((*GUNICORN, "-w", "2", "mirror:app"), 2),
    "gunicorn preloaded": (PRELOADED, 2),
    "uvicorn": ((*UVICORN, *WORKERS, "--interface", "wsgi", "mirror:app"), 2),
    "flask --debug": (("flask", "--app", "mirror", "run", "--debug", "--port", "{port}"), 1),
}


@pytest.mark.parametrize(("command", "processes"), WAYS.values(), ids=WAYS)
def test_everything_of_ours_is_there_once(
    command: tuple[str, ...], processes: int, vendor: Vendor, tmp_path: Path
) -> None:
    check_children(command, vendor, tmp_path, processes)
