"""``sst-otel ship`` and what ``doctor`` says of the outbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from sst_otel.audit.outbox.journal import Journal
from sst_otel.audit.records import GapRecord, gap_record, share_record
from sst_otel.cli import main
from tests.audit.helpers import share
from tests.audit.outbox.conftest import collector as collector
from tests.audit.outbox.receiver import StandIn
from tests.cli.diagnosis import Capture, diagnose, found


@pytest.fixture
def spool(tmp_path: Path, collector: StandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SST_AUDIT_ENDPOINT", collector.url)
    monkeypatch.setenv("SST_AUDIT_TOKEN", "hunter2")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "sst_audit.spool"


def left_behind(spool: Path, *lines: bytes) -> str:
    event = share("42")
    journal = Journal(spool)
    journal.append([share_record(event), *lines])
    journal.close()
    return event.event_id


def test_delivers_what_ended_processes_left(
    spool: Path, collector: StandIn, capsys: Capture
) -> None:
    event = left_behind(spool)
    assert main(["ship"]) == 0
    assert capsys.readouterr().out == ("1 record delivered, 1 journal of ended processes removed\n")
    assert collector.ids() == [event]
    assert collector.headers[0]["Authorization"] == "Bearer hunter2"
    assert list(spool.glob("*.journal")) == []
    assert main(["ship"]) == 0


def test_keeps_what_is_not_taken(spool: Path, collector: StandIn, capsys: Capture) -> None:
    left_behind(spool)
    collector.answer = lambda _records, _size: 503
    assert main(["ship"]) == 1
    assert capsys.readouterr().err == "sst-otel: the endpoint takes nothing now: HTTP 503\n"
    assert len(list(spool.glob("*.journal"))) == 1


def test_says_what_is_left_out(spool: Path, capsys: Capture) -> None:
    left_behind(spool, b"rubbish\n")
    assert main(["ship"]) == 1
    assert "0 refused for good, 1 unreadable: left out" in capsys.readouterr().out


def test_needs_an_endpoint(spool: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.delenv("SST_AUDIT_ENDPOINT")
    assert main(["ship"]) == 2
    assert "SST_AUDIT_ENDPOINT is not set" in capsys.readouterr().err


@pytest.mark.parametrize(
    "value", ["collector:4328", "ftp://host", "http://", "http://h/?a=b", "http://u:hunter2@h"]
)
def test_an_endpoint_that_is_none(
    value: str, spool: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("SST_AUDIT_ENDPOINT", value)
    assert main(["ship"]) == 2
    told = capsys.readouterr().err
    assert "SST_AUDIT_ENDPOINT: must" in told
    assert "hunter2" not in told


class TestDoctor:
    def test_asks_the_endpoint(self, spool: Path, collector: StandIn, capsys: Capture) -> None:
        left_behind(spool)
        _, report = diagnose(capsys)
        assert found(report, "endpoint") == [("ok", "takes events (HTTP 200)")]
        [(state, text)] = found(report, "journals")
        assert state == "note"
        assert "bytes not yet delivered; sst-otel ship" in text
        assert found(report, "database")[0][0] == "note"
        assert collector.ids() == []

    @pytest.mark.parametrize(
        ("status", "text"),
        [
            (401, "takes nothing now: HTTP 401; events wait in the journals"),
            (400, "answers HTTP 400 to an empty request: is it an OTLP/HTTP receiver?"),
        ],
    )
    def test_tells_what_is_wrong_with_it(
        self, status: int, text: str, spool: Path, collector: StandIn, capsys: Capture
    ) -> None:
        collector.answer = lambda _records, _size: status
        code, report = diagnose(capsys)
        assert found(report, "endpoint") == [("problem", text)]
        assert code == 1

    def test_tells_of_gaps(
        self, spool: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        monkeypatch.delenv("SST_AUDIT_ENDPOINT")
        monkeypatch.setenv("SST_KEY", "0123456789abcdef")
        lost = GapRecord("g", "shop", 60.0, 3600.0, {"share": 2, "tag": 1}, "disk full")
        left_behind(spool, gap_record(lost))
        _, report = diagnose(capsys)
        assert found(report, "gap") == [
            (
                "problem",
                "lost 1970-01-01 00:01 UTC to 1970-01-01 01:00 UTC: 2 shares, 1 tag (disk full)",
            )
        ]
