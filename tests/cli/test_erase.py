"""``sst-otel erase``: a person goes, beside a running application too, and copies are named."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from sst_otel.audit.log import AuditLog, open_reader
from sst_otel.audit.outbox.journal import Journal
from sst_otel.audit.records import share_record
from sst_otel.audit.store import Store
from sst_otel.cli import main
from sst_otel.settings import Settings
from sst_otel.tags import ERASED
from tests.audit.helpers import KEYS, MINTER, NOW, settings_in, share
from tests.audit.intruder import everything, found
from tests.audit.outbox.conftest import collector as collector
from tests.audit.outbox.receiver import StandIn

Capture = pytest.CaptureFixture[str]
PERSON, VISITOR = MINTER.owner("42"), MINTER.visitor()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = settings_in(tmp_path)
    monkeypatch.setenv("SST_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("SST_SPOOL_DIR", str(settings.spool_dir))
    monkeypatch.setenv("SST_KEY", KEYS.secret.decode())
    return settings


def lived(log: AuditLog) -> None:
    log.share(share(VISITOR))
    log.alias(VISITOR.ref, PERSON, NOW)
    for owner in ("42", "7"):
        log.share(share(owner, "email", "phone"))


def leads(settings: Settings, folder: Path) -> list[str]:
    store = Store(settings.database_url)
    try:
        return found(everything(store, folder), "42", [VISITOR.ref], ["value"])
    finally:
        store.close()


class TestEmbedded:
    def test_beside_a_running_application(
        self, settings: Settings, tmp_path: Path, capsys: Capture
    ) -> None:
        log = AuditLog(settings, KEYS)
        lived(log)
        assert main(["erase", "--owner", "42", "--yes"]) == 0
        out = capsys.readouterr().out
        assert "This person and 1 visitor they were, with 3 data, will be erased" in out
        assert "Erased: 2 identities, 1 link of a visitor, 3 data," in out
        assert "3 records in the journals" in out
        assert leads(settings, tmp_path) == []
        assert len(list(settings.spool_dir.glob("*.journal"))) == 1  # still the application's
        log.share(share("7"))
        log.share(share("42", at=NOW - 60))  # held somewhere until now
        log.close()
        assert leads(settings, tmp_path) == []
        reader = open_reader(settings, KEYS)
        events, _ = reader.audit_logs(viewer=None)
        reader.close()
        assert sorted(str(event["owner_id"]) for event in events) == ["7", "7"] + ["None"] * 3
        assert main(["events"]) == 0
        assert ERASED in capsys.readouterr().out
        assert main(["explain", events[-1]["event_id"]]) == 0

    def test_again_is_no_error(self, settings: Settings, capsys: Capture) -> None:
        log = AuditLog(settings, KEYS)
        lived(log)
        log.close()
        assert main(["erase", "--owner", PERSON.ref, "--yes"]) == 0
        capsys.readouterr()
        assert main(["erase", "--owner", "42", "--yes"]) == 0
        out = capsys.readouterr().out
        assert "The audit store knows nobody by this id." in out
        assert "Erased: nothing was there." in out
        assert main(["erase", "--list"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert "nothing was there" in lines[0]
        assert "2 identities" in lines[1]

    def test_says_where_else_and_until_when(self, settings: Settings, capsys: Capture) -> None:
        Journal(settings.spool_dir).append([share_record(share("42"))])
        assert main(["erase", "--owner=42", "--yes", "--hold", "7d", "--format=json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["held_until"] == pytest.approx(told["erased_at"] + 7 * 86_400)
        assert told["removed"]["subjects"] == 1
        places = {copy["where"]: copy["until"] for copy in told["copies"]}
        assert "3,600 s" in places["running applications"]
        assert {"a collector's queue", "journals of other machines"} < places.keys()
        assert "traces, in Jaeger or elsewhere" in places
        assert "the database's own files" not in places
        assert main(["erase", "--list", "--format=json"]) == 0
        [act] = json.loads(capsys.readouterr().out)["erasures"]
        assert act["removed"]["provenance_records"] == 1

    def test_fits_a_terminal(self, settings: Settings, capsys: Capture) -> None:
        Journal(settings.spool_dir).append([share_record(share("42"))])
        assert main(["erase", "--owner=42", "--yes"]) == 0
        assert main(["erase", "--list"]) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


class TestAsks:
    @pytest.mark.parametrize(
        ("answer", "code", "goes"), [("y\n", 0, True), ("n\n", 1, False), ("", 1, False)]
    )
    def test_on_a_terminal(
        self,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        answer: str,
        code: int,
        goes: bool,
    ) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        Journal(settings.spool_dir).append([share_record(share("42"))])
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        assert main(["erase", "--owner", "42"]) == code
        assert (leads(settings, settings.spool_dir) == []) is goes

    def test_nowhere_else(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        Journal(settings.spool_dir).append([share_record(share("42"))])
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
        assert main(["erase", "--owner", "42"]) == 2
        assert "say --yes" in capsys.readouterr().err
        assert leads(settings, settings.spool_dir) != []

    @pytest.mark.parametrize(
        "words", [[], ["--owner="], ["--owner=42", "--hold=-1"], ["--owner=42", "--list"]]
    )
    def test_wrong_usage(self, settings: Settings, words: list[str]) -> None:
        Journal(settings.spool_dir).append([share_record(share("42"))])
        assert main(["erase", "--yes", *words]) == 2
        assert leads(settings, settings.spool_dir) != []

    def test_no_store_is_made_for_it(self, settings: Settings, tmp_path: Path) -> None:
        assert main(["erase", "--owner=42", "--yes"]) == 3
        assert not (tmp_path / "audit.db").exists()
        (tmp_path / "audit.db").write_bytes(b"no database" * 100)
        assert main(["erase", "--owner=42", "--yes"]) == 3


class TestPipeline:
    @pytest.fixture(autouse=True)
    def _endpoint(self, collector: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SST_AUDIT_ENDPOINT", collector.url)

    def test_journals_alone(
        self, settings: Settings, collector: StandIn, tmp_path: Path, capsys: Capture
    ) -> None:
        journal = Journal(settings.spool_dir)
        journal.append([share_record(share(one)) for one in ("42", "7", "42")])
        assert main(["erase", "--owner=42", "--yes", "--journals"]) == 0
        assert "2 records in the journals overwritten." in capsys.readouterr().out
        assert len(collector.ids()) == 3
        left = b"".join(path.read_bytes() for path in settings.spool_dir.rglob("*.journal"))
        assert found(left, "42", [], ["value"]) == []
        journal.append([share_record(share("7"))])
        journal.close()
        assert main(["ship"]) == 0
        assert (len(collector.ids()), collector.gaps()) == (4, [])
        assert not (tmp_path / "audit.db").exists()

    def test_what_was_not_delivered_is_told_as_a_gap(
        self, settings: Settings, collector: StandIn, capsys: Capture
    ) -> None:
        journal = Journal(settings.spool_dir)
        journal.append([share_record(share(one)) for one in ("42", "7", "42")])
        collector.answer = lambda _records, _size: 503
        assert main(["erase", "--owner=42", "--yes", "--journals", "--format=json"]) == 0
        told = capsys.readouterr()
        assert "what waits for it goes, too" in told.err
        assert json.loads(told.out) == {
            "removed": {"journal_records": 2},
            "undelivered": {"share": 2},
        }
        collector.answer = lambda _records, _size: 200
        assert main(["ship"]) == 0
        assert len(collector.ids()) == 1
        [gap] = collector.gaps()
        assert (gap.lost, gap.reason) == ({"share": 2}, "erased before they were delivered")

    def test_the_store_is_elsewhere(
        self, settings: Settings, tmp_path: Path, capsys: Capture
    ) -> None:
        Journal(settings.spool_dir).append([share_record(share("42"))])
        assert main(["erase", "--owner=42", "--yes"]) == 3
        assert "by --journals" in capsys.readouterr().err
        assert not (tmp_path / "audit.db").exists()

    def test_needs_an_endpoint(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SST_AUDIT_ENDPOINT")
        assert main(["erase", "--owner=42", "--yes", "--journals"]) == 2
