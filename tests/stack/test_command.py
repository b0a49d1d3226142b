"""``make stack``: up, told, and down again without a trace of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools.stack.ports import Ports
from tools.stack.program import ROOT
from tools.stack.waiting import answers

pytestmark = pytest.mark.stack

STACK = (sys.executable, "-m", "tools.stack")


def test_up_and_down(folder: Path) -> None:
    with subprocess.Popen(
        [*STACK, "--free-ports", "--dir", str(folder / "command")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = []
        try:
            for line in process.stdout:
                told.append(line)
                if line.startswith("Ctrl-C"):
                    break
            pages = re.findall(r"http://\S+", "".join(told))
            assert len(pages) == 8
            assert all(map(answers, [page for page in pages if page.endswith("/metrics")]))
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.endswith("stopping\nstopped\n")
    assert not any(map(answers, pages))
    assert not processes_of(str(folder / "command"))


def test_a_taken_port_is_named() -> None:
    port = Ports().jaeger
    with socket.socket() as mine:
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        mine.bind(("127.0.0.1", port))
        mine.listen()
        assert f"jaeger ({port})" in Ports().taken()
        done = subprocess.run(STACK, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"jaeger ({port})" in done.stderr
    assert "--free-ports" in done.stderr


def processes_of(word: str) -> list[str]:
    """Return the commands of running processes that name ``word``."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\x00", b" ").decode()
        except OSError:  # it has ended
            continue
        if word in command and file.parent.name != str(os.getpid()):
            found.append(command)
    return found
