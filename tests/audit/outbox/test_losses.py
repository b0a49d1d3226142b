"""The journals' limit and a full disk: the loss counted exactly, and told as a gap."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sst_otel.audit import log as audit_log
from sst_otel.audit.log import AuditLog, open_reader
from sst_otel.audit.outbox.journal import Journal, LimitError
from sst_otel.settings import Settings
from tests.audit.helpers import KEYS, MINTER, NOW, run, sealed, settings_in, share, tag
from tests.audit.outbox.receiver import StandIn

LINE = b"x" * 999 + b"\n"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


class TestLimit:
    def test_holds_for_all_files_together(self, tmp_path: Path, clock: list[float]) -> None:
        first, second = Journal(tmp_path, limit=10_000), Journal(tmp_path, limit=10_000)
        for number in range(10):
            (first if number % 2 else second).append([LINE])
        for each in (first, second):
            with pytest.raises(LimitError, match="have reached SST_SPOOL_LIMIT"):
                each.append([LINE])
        assert first.size_of_all() == 10_000

    def test_is_lifted_by_reading(self, tmp_path: Path, clock: list[float]) -> None:
        full = Journal(tmp_path, rotate_bytes=1, limit=3_000)
        for _ in range(3):
            full.append([LINE])
        with pytest.raises(LimitError):
            full.append([LINE])
        min(tmp_path.glob("*.journal")).unlink()
        with pytest.raises(LimitError):  # not measured again at once
            full.append([LINE])
        clock[0] += 1.0
        full.append([LINE])

    def test_none_is_none(self, tmp_path: Path) -> None:
        endless = Journal(tmp_path)
        for _ in range(20):
            endless.append([LINE])
        assert endless.size_of_all() == 20_000


class TestDurability:
    def test_full_brings_each_line_to_the_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[int] = []
        really = os.fdatasync

        def fdatasync(fd: int) -> None:
            synced.append(os.fstat(fd).st_size)
            really(fd)

        monkeypatch.setattr(os, "fdatasync", fdatasync)
        safe, usual = Journal(tmp_path / "a", sync=True), Journal(tmp_path / "b")
        for _ in range(3):
            safe.append([LINE])
            usual.append([LINE])
        assert synced == [1000, 2000, 3000]


class TestGaps:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return settings_in(tmp_path)

    @pytest.fixture(autouse=True)
    def _little_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audit_log, "_KEPT_BYTES", 3_000)

    def test_tell_what_a_full_disk_cost(self, settings: Settings, collector: StandIn) -> None:
        settings.spool_dir.write_text("in the way")
        log = AuditLog(settings, KEYS)
        events = [share("42", at=NOW) for _ in range(9)]
        kept = [event.event_id for event in events if not log.share(event)]
        assert len(kept) == 9
        owner = MINTER.owner("42")
        log.tag(tag(owner, "phone", "9" * 5_000), sealed(owner), NOW)
        lost = log.lost()
        settings.spool_dir.unlink()
        assert log.share(share("43"))
        log.close()
        reader = open_reader(settings, KEYS)
        found = reader.audit_logs(viewer=None)[0]
        [gap] = reader.gaps()
        reader.close()
        assert len(found) + lost["share"] == 10
        assert gap["lost"] == lost
        assert (gap["service"], gap["reason"]) == ("budget", "Not a directory")
        assert gap["since"] <= gap["until"]

    def test_come_to_the_receiver(self, tmp_path: Path, collector: StandIn) -> None:
        collector.answer = lambda _records, _size: 503
        settings = settings_in(tmp_path, audit_endpoint=collector.url, spool_limit=1)
        log = AuditLog(settings, KEYS)
        sent = 0
        while not log.lost():
            log.share(share("42"))
            sent += 1
        more = [log.share(share("42")) for _ in range(20)]
        assert not any(more)
        lost = log.lost()["share"]
        collector.answer = lambda _records, _size: 200
        log.close()
        last = AuditLog(settings, KEYS)
        last.share(share("43"))
        last.close()
        told = sum(gap.lost["share"] for gap in collector.gaps())
        assert (told, len(set(collector.ids()))) == (lost, sent + 20 - lost + 1)
        assert {gap.reason for gap in collector.gaps()} == {
            "the journals have reached SST_SPOOL_LIMIT"
        }

    def test_of_a_parent_are_not_its_childs(self, tmp_path: Path) -> None:
        out, err, status = run(
            """
import os, sys
from pathlib import Path
from helpers import KEYS, settings_in, share
from sst_otel.audit import log as audit_log
audit_log._KEPT_BYTES = 10
settings = settings_in(Path(sys.argv[1]))
settings.spool_dir.write_text("in the way")
log = audit_log.AuditLog(settings, KEYS)
log.share(share("42"))
child = os.fork()
if child == 0:
    os.write(1, repr(log.lost()).encode())
    os._exit(0)
print(os.waitpid(child, 0)[1], log.lost(), flush=True)
settings.spool_dir.unlink()
""",
            tmp_path,
        )
        assert (out, status) == ("{}0 {'share': 1}\n", 0), err
