"""What each tracked process says of itself, for ``sst-otel doctor`` in another process.

One small JSON file a process beside the journals: which hooks are installed, what was skipped,
how many failures of ours there were. Never a personal value.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOREIGN_SECONDS = 600.0
"""A record of another machine counts as live for so long after it was last written."""


class StatusFile:
    """The record of this process in ``spool_dir``; a forked child writes one of its own."""

    def __init__(self, spool_dir: Path) -> None:
        self._directory = Path(spool_dir)

    def write(self, record: Mapping[str, Any]) -> None:
        """Replace this process's record; raises ``OSError`` where it cannot be written."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path()
        about = {"host": _host(), "pid": os.getpid(), "birth": _birth(os.getpid())}
        body = json.dumps({**record, **about, "written": time.time()}).encode()
        # Of its own for each thread: one that starts to track and one that has seen more may meet.
        aside = path.with_name(f".{path.name}.{threading.get_ident()}.writing")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        os.replace(aside, path)

    def remove(self) -> None:
        """Take this process's record away."""
        with contextlib.suppress(FileNotFoundError):
            self._path().unlink()

    def _path(self) -> Path:
        return self._directory / f"status-{_host()}-{os.getpid()}.json"


def read_all(spool_dir: Path) -> list[dict[str, Any]]:
    """Return the records of the processes that live, oldest first; remove those of dead ones.

    Whether a process of another machine or container (a shared volume) lives cannot be seen: its
    record counts for :data:`FOREIGN_SECONDS` and is left alone after that.
    """
    found = []
    for path in sorted(Path(spool_dir).glob("status-*.json")):
        try:
            record = json.loads(path.read_bytes())
            here = record["host"] == _host()
            birth = _birth(int(record["pid"]))
            written = float(record["written"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if here and (birth is None or birth != record.get("birth")):
            with contextlib.suppress(OSError):
                path.unlink()
        elif here or time.time() - written < FOREIGN_SECONDS:
            found.append(record)
    return sorted(found, key=lambda record: float(record.get("started") or 0))


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:64] or "host"


def _birth(pid: int) -> str | None:
    """Return when a process began, so that a reused pid is told apart; None if it is gone.

    Where there is no ``/proc``, a process that exists is the one meant.
    """
    if os.path.exists("/proc/self/stat"):
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        return stat.rpartition(b")")[2].split()[19].decode()  # field 22 of proc(5)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""
