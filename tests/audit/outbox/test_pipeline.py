"""From the application to a receiver: whatever ends a process, each event arrives once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sst_otel import guard
from sst_otel.audit.log import AuditLog, open_reader
from sst_otel.settings import Settings
from tests.audit.helpers import KEYS, NOW, run, settings_in, share, start
from tests.audit.outbox.receiver import StandIn

PRELUDE = """
import os, signal, sys
from pathlib import Path
from helpers import KEYS, NOW, settings_in, share
from sst_otel.audit.log import AuditLog
from sst_otel.audit.outbox import drainer
settings = settings_in(Path(sys.argv[1]), audit_endpoint=sys.argv[2])
log = AuditLog(settings, KEYS)
"""


@pytest.fixture
def pipeline(tmp_path: Path, collector: StandIn) -> Settings:
    return settings_in(tmp_path, audit_endpoint=collector.url)


@pytest.fixture
def log(pipeline: Settings) -> Iterator[AuditLog]:
    log = AuditLog(pipeline, KEYS)
    yield log
    log.close()


def journals(settings: Settings) -> list[Path]:
    return sorted(settings.spool_dir.glob("*.journal"))


def test_events_and_outcomes_arrive(collector: StandIn, log: AuditLog) -> None:
    event = share("42")
    assert log.share(event)
    log.outcome(event.event_id, "sent", NOW)
    collector.wait_for(lambda got: len(got.outcomes()) == 1)
    assert collector.ids() == [event.event_id]


def test_what_is_delivered_is_removed(
    collector: StandIn, log: AuditLog, pipeline: Settings
) -> None:
    log.share(share("42"))
    log.close()
    assert len(collector.ids()) == 1
    assert journals(pipeline) == []
    assert not (pipeline.spool_dir.parent / "audit.db").exists()


def test_a_receiver_that_is_away_loses_nothing(
    collector: StandIn, pipeline: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    collector.answer = lambda _records, _size: 503
    log = AuditLog(pipeline, KEYS)
    events = [share("42") for _ in range(5)]
    assert all(log.share(event) for event in events)
    log.close()
    assert "does not take events (HTTP 503); events are kept in" in caplog.text
    collector.answer = lambda _records, _size: 200
    AuditLog(pipeline, KEYS).close()  # nothing to say, so nothing is looked at
    assert collector.ids() == []
    log = AuditLog(pipeline, KEYS)
    last = share("42")
    log.share(last)
    log.close()
    assert collector.ids() == [event.event_id for event in (*events, last)]


def test_what_sigkill_left_another_process_delivers(
    collector: StandIn, tmp_path: Path, pipeline: Settings
) -> None:
    collector.answer = lambda _records, _size: 503
    out, err, status = run(
        PRELUDE
        + """
for n in range(50):
    event = share("42")
    assert log.share(event)
    print(event.event_id)
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
""",
        tmp_path,
        collector.url,
    )
    assert status == -signal.SIGKILL, err
    collector.answer = lambda _records, _size: 200
    log = AuditLog(pipeline, KEYS)
    log.share(share("43"))
    log.close()
    assert sorted(collector.ids()[:50]) == sorted(out.split())
    assert journals(pipeline) == []


@pytest.mark.parametrize("end", ["sys.exit(3)", "os.kill(os.getpid(), signal.SIGTERM)"])
def test_an_ordinary_end(end: str, collector: StandIn, tmp_path: Path, pipeline: Settings) -> None:
    script = f"""
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
drainer._EXIT_WAIT = 60  # however busy the machine is
event = share("42")
assert log.share(event)
print(event.event_id, flush=True)
{end}
"""
    out, err, status = run(PRELUDE + script, tmp_path, collector.url)
    assert (err, status) == ("", 3)
    assert collector.ids() == out.split()
    assert journals(pipeline) == []


def test_forked_workers_deliver_their_own(
    collector: StandIn, tmp_path: Path, pipeline: Settings
) -> None:
    script = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of fork() beside a thread, since 3.12
def tell():
    event = share("42")
    assert log.share(event)
    os.write(1, event.event_id.encode() + b"\\n")
tell()
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        for _ in range(20):
            tell()
        os._exit(0)
    children.append(child)
tell()
for child in children:
    assert os.waitpid(child, 0)[1] == 0
log.close()
"""
    out, err, status = run(PRELUDE + script, tmp_path, collector.url)
    assert (err, status) == ("", 0)
    log = AuditLog(pipeline, KEYS)  # what children left that ended as os._exit ends
    last = share("43")
    log.share(last)
    log.close()
    assert sorted(collector.ids()) == sorted([*out.split(), last.event_id])
    assert journals(pipeline) == []


def test_processes_at_once_deliver_everything_once(
    collector: StandIn, tmp_path: Path, pipeline: Settings
) -> None:
    script = """
for n in range(150):
    event = share("42")
    assert log.share(event)
    print(event.event_id)
log.close()
"""
    expected: list[str] = []
    for process in [start(PRELUDE + script, tmp_path, collector.url) for _ in range(3)]:
        with process:
            out, err = process.communicate(timeout=90)
        assert (err, process.returncode) == ("", 0)
        expected += out.split()
    log = AuditLog(pipeline, KEYS)
    last = share("43")
    log.share(last)
    log.close()
    assert sorted(collector.ids()) == sorted([*expected, last.event_id])


def test_the_pages_store_is_an_ingests(pipeline: Settings, collector: StandIn) -> None:
    collector.answer = lambda _records, _size: 503
    log = AuditLog(pipeline, KEYS)
    log.share(share("42"))
    reader = open_reader(pipeline, KEYS)
    assert reader.audit_logs(viewer=None)[0] == []  # the journals are not its own to read
    reader.close()
    collector.answer = lambda _records, _size: 200
    log.close()
    assert len(collector.ids()) == 1


def test_a_damaged_journal_is_told_as_a_gap(
    collector: StandIn, log: AuditLog, pipeline: Settings
) -> None:
    pipeline.spool_dir.mkdir()
    (pipeline.spool_dir / "0-1-aa.journal").write_bytes(b"rubbish\n" * 3)
    log.share(share("42"))
    collector.wait_for(lambda got: got.gaps() != [])
    [gap] = collector.gaps()
    assert (gap.service, gap.lost) == ("budget", {"unreadable": 3})
    assert log.lost() == {"unreadable": 3}
    assert guard.error_counts()["audit.corrupt"] == 1
