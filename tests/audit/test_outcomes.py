"""What became of a share is on disk soon, whatever the process does afterwards."""

from __future__ import annotations

import asyncio
import signal
import threading
from functools import partial
from pathlib import Path

import pytest

from sst_otel.audit.log import AuditLog, open_reader
from sst_otel.audit.queries import Reader
from tests.audit.helpers import KEYS, NOW, run, settings_in, share
from tests.system.launch import wait_until

PROGRAM = """
import atexit, os, signal, sys
from pathlib import Path
from helpers import KEYS, NOW, settings_in, share
from sst_otel.audit.log import AuditLog
settings = settings_in(Path(sys.argv[1]))
log = AuditLog(settings, KEYS)
event = share("42")
def finish():
    log.outcome(event.event_id, "sent", NOW)
"""
ENDS = {
    "at once": "log.share(event); finish()",
    "by an exception of its own for SIGTERM": (
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); log.share(event); finish(); "
        "os.kill(os.getpid(), signal.SIGTERM)"
    ),
    "while calls are made by what runs at exit": "atexit.register(finish); log.share(event)",
    "while calls are made after our own exit": (
        "log.share(event); log.close(); finish(); os._exit(0)"
    ),
    "with a database that cannot be written": (
        "Path(sys.argv[1], 'audit.db').mkdir(); log.share(event); finish()"
    ),
}


@pytest.mark.parametrize("program", ENDS.values(), ids=ENDS)
def test_a_process_that_ends_leaves_it(program: str, tmp_path: Path) -> None:
    _, _, status = run(PROGRAM + program, tmp_path)
    assert status == 0
    assert _outcomes(tmp_path) == ["sent"]


def test_a_process_that_is_killed_has_written_it(tmp_path: Path) -> None:
    end = "log.share(event); finish(); os.kill(os.getpid(), signal.SIGKILL)"
    _, _, status = run(PROGRAM + end, tmp_path)
    assert status == -signal.SIGKILL
    assert _outcomes(tmp_path) == ["sent"]


@pytest.mark.parametrize("durability", ["normal", "full"])
def test_an_event_loop_does_not_wait_for_it(durability: str, tmp_path: Path) -> None:
    log = AuditLog(settings_in(tmp_path, durability=durability), KEYS)
    event = share("42")
    log.share(event)

    async def note() -> int:
        log.outcome(event.event_id, "sent", NOW)
        return log.buffered_bytes()

    assert asyncio.run(note()) > 0
    log.close()
    assert _outcomes(tmp_path) == ["sent"]


def test_an_idle_process_has_written_it(log: AuditLog, reader: Reader) -> None:
    event = share("42")
    log.share(event)
    log.outcome(event.event_id, "sent", NOW)
    wait_until(lambda: [row["outcome"] for row in reader.audit_logs(viewer=None)[0]] == ["sent"])


def test_one_after_the_other_while_the_database_is_down(tmp_path: Path) -> None:
    (tmp_path / "audit.db").mkdir()
    settings = settings_in(tmp_path)
    log = AuditLog(settings, KEYS)
    for _ in range(3):
        event = share("42")
        log.share(event)
        log.outcome(event.event_id, "sent", NOW)
        needle = event.event_id.encode()
        wait_until(partial(_written, tmp_path, needle))
    log.close()


def test_a_disk_that_comes_back_has_all(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    log = AuditLog(settings, KEYS)
    event = share("42")
    log.share(event)
    log.close()
    log = AuditLog(settings, KEYS)
    hidden = tmp_path / "hidden"
    settings.spool_dir.rename(hidden)
    settings.spool_dir.write_text("in the way")
    log.outcome(event.event_id, "sent", NOW)
    assert not log.flush()
    settings.spool_dir.unlink()
    hidden.rename(settings.spool_dir)
    assert log.flush()
    log.close()
    assert _outcomes(tmp_path) == ["sent"]


def test_a_closed_log_starts_no_thread(log: AuditLog) -> None:
    log.close()
    before = threading.active_count()
    log.outcome(share("42").event_id, "sent", NOW)
    assert threading.active_count() == before


def _written(folder: Path, event_id: bytes) -> bool:
    """Whether a share and its outcome are in a journal."""
    journals = (folder / "spool").glob("*.journal")
    return b"".join(path.read_bytes() for path in journals).count(event_id) == 2


def _outcomes(folder: Path) -> list[str]:
    database = folder / "audit.db"
    if database.is_dir():
        database.rmdir()
    reader = open_reader(settings_in(folder), KEYS)
    try:
        return [row["outcome"] for row in reader.audit_logs(viewer=None)[0]]
    finally:
        reader.close()
