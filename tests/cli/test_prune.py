"""``sst-otel prune``: what is old goes, on the store of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from sst_otel.audit.decoding import decode
from sst_otel.audit.records import share_record
from sst_otel.audit.store import Store
from sst_otel.cli import main
from tests.audit.helpers import NOW, share
from tests.audit.test_store import counts

DAY = 86_400.0
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    url = f"sqlite:///{tmp_path}/audit.db"
    monkeypatch.setenv("SST_DATABASE_URL", url)
    return Store(url)


def test_what_is_older_goes(store: Store, capsys: Capture) -> None:
    times = (NOW, NOW - 29 * DAY, NOW - 31 * DAY, NOW - 400 * DAY)
    store.append([decode(share_record(share("42", at=at))) for at in times])
    for days, left, said in (
        ("365d", 3, "1 event removed"),
        ("30", 2, "1 event removed"),
        ("30d", 2, "0 events removed"),
    ):
        assert main(["prune", "--older-than", days]) == 0
        assert capsys.readouterr().out == f"{said}\n"
        assert counts(store)["audit_logs"] == left


@pytest.mark.parametrize("days", ["0", "-3", "", "soon", "3h"])
def test_a_wrong_age_removes_nothing(store: Store, capsys: Capture, days: str) -> None:
    store.append([decode(share_record(share("42", at=NOW - 400 * DAY)))])
    assert main(["prune", f"--older-than={days}"]) == 2
    assert "--older-than" in capsys.readouterr().err
    assert main(["prune"]) == 2
    assert counts(store)["audit_logs"] == 1


def test_no_store_is_made_for_it(store: Store, tmp_path: Path, capsys: Capture) -> None:
    assert main(["prune", "--older-than", "30"]) == 3
    assert not (tmp_path / "audit.db").exists()
    (tmp_path / "audit.db").write_bytes(b"no database" * 100)
    assert main(["prune", "--older-than", "30"]) == 3
    assert "cannot be written" in capsys.readouterr().err


def test_a_wrong_url_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("SST_DATABASE_URL", "nosuch://u:hunter2@h/db")
    assert main(["prune", "--older-than", "30"]) == 2
    assert "hunter2" not in capsys.readouterr().err
