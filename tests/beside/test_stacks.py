"""Error trackers and loggers that show the locals of all that is running leave our frames out."""

from __future__ import annotations

import json
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import Vendor
from tests.system.launch import APPS

pytestmark = pytest.mark.stack  # needs the environment


def test_no_frame_of_ours_is_in_what_they_take(
    binaries: Path, vendor: Vendor, tmp_path: Path
) -> None:
    done = subprocess.run(
        [str(binaries / "python"), str(APPS / "stacks.py"), vendor.url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    taken = json.loads(done.stdout)
    own = {
        tracker: [held for module, held in frames if module.split(".")[0] == "sst_otel"]
        for tracker, frames in taken.items()
    }
    assert own["sentry"] == own["elastic"] == []
    assert any("zephyrine" in held for held in own["interpreter"])
    for tracker in ("sentry", "elastic"):
        modules = {module.split(".")[0] for module, _ in taken[tracker]}
        assert {"__main__", "requests", "urllib3", "http"} <= modules


def test_no_frame_of_ours_is_in_what_people_are_shown(binaries: Path, tmp_path: Path) -> None:
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        done = subprocess.run(
            [str(binaries / "python"), "-W", "ignore", str(APPS / "shown.py"), str(port)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert len(shown) == 7
    for tool, text in shown.items():
        assert "contact" in text, tool
        assert "zephyrine" in text, tool  # the view's own variable
        assert "sst_otel/" not in text, tool
    assert "full_dispatch_request" in shown["loguru"]
    assert "full_dispatch_request" in shown["stackprinter of the stack"]
