from __future__ import annotations

import json
import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sst_otel.cli import libraries, main
from sst_otel.settings import Settings
from sst_otel.status import StatusFile
from tests.pages.sample import KEYS, STAFF_TOKEN, Sample, store

Capture = pytest.CaptureFixture[str]


def diagnose(capsys: Capture) -> tuple[int, dict[str, Any]]:
    code = main(["doctor", "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def found(report: dict[str, Any], subject: str) -> list[tuple[str, str]]:
    return [
        (row["state"], row["detail"])
        for row in report["findings"]
        if row["subject"].split()[0] == subject
    ]


def test_a_working_installation_has_no_problem(settings: Settings, capsys: Capture) -> None:
    code, report = diagnose(capsys)

    assert (code, report["problems"]) == (0, 0)
    assert found(report, "database") == [("ok", "readable, 6 shares with 5 recipients")]
    assert found(report, "entry")[0][0] == found(report, "launcher")[0][0] == "ok"
    assert found(report, "flask")[0][1].startswith("covered (requests coming in); spans by")


def test_secrets_are_not_shown(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv(
        "SST_DATABASE_URL", "postgresql+nodriver://sst:hunter2@127.0.0.1:1/a?sslpassword=hunter3"
    )
    for form in ("table", "json", "ndjson", "csv"):
        assert main(["doctor", "--format", form]) in (1, 2)
        captured = capsys.readouterr()
        for secret in (KEYS.secret.decode(), STAFF_TOKEN, "hunter2", "hunter3"):
            assert secret not in captured.out + captured.err


def test_a_fresh_directory_is_told_from_a_broken_one(tmp_path: Path, capsys: Capture) -> None:
    code, report = diagnose(capsys)
    assert code == 0
    assert found(report, "database")[0][0] == found(report, "key")[0][0] == "note"
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "sst_audit.db").write_bytes(b"no database" * 200)
    (tmp_path / "sst.key").write_bytes(b"k" * 40)
    os.chmod(tmp_path / "sst.key", 0o600)
    code, report = diagnose(capsys)
    assert code == 1
    assert found(report, "database")[0][0] == "problem"
    assert found(report, "key")[0][0] == "ok"


def test_a_key_that_others_can_read_is_a_problem(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "sst.key").write_bytes(b"k" * 40)
    os.chmod(tmp_path / "sst.key", 0o644)
    code, report = diagnose(capsys)
    assert code == 1
    assert "chmod 600" in found(report, "key")[0][1]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SST_DISABLED", "on"), ("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "redis, sst")],
)
def test_tracking_switched_off_is_a_problem(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv(variable, value)
    assert diagnose(capsys)[0] == 1


def test_tracked_processes_tell_what_they_cover(settings: Settings, capsys: Capture) -> None:
    assert found(diagnose(capsys)[1], "tracked")[0][0] == "note"
    status = StatusFile(settings.spool_dir)
    record = {
        "started": 1.0,
        "command": "gunicorn",
        "python": "3.11.7",
        "hooks": ["requests:Session.send"],
        "modules_rewritten": 3,
        "modules_skipped": {"shop.legacy": "too large"},
        "errors": {},
        "values": 12,
    }
    status.write(record)
    code, report = diagnose(capsys)
    details = " ".join(detail for _, detail in found(report, "gunicorn"))
    assert code == 0
    assert "3 modules followed" in details
    assert "hooked: requests:Session.send" in details
    assert "1 module is not followed (too large) (shop.legacy)" in details
    assert main(["doctor"]) == 0
    assert "hooked: requests\n" in capsys.readouterr().out

    status.write({**record, "errors": {"sink.requests": 2}})
    code, report = diagnose(capsys)
    assert code == 1
    assert "2 failures of ours at sink.requests" in str(report["findings"])
    status.remove()


def test_what_waits_in_the_journals_is_read_first(settings: Settings, capsys: Capture) -> None:
    sample = Sample(made=100)
    store(settings, sample.events())
    _, report = diagnose(capsys)
    assert found(report, "database") == [("ok", "readable, 12 shares with 5 recipients")]
    assert found(report, "journals")[0][0] == "ok"


def versions(monkeypatch: pytest.MonkeyPatch, **installed: str | None) -> None:
    """Stand in for an environment with other versions of some distributions."""

    def other(name: str) -> Any:
        wanted = installed.get(name.replace("-", "_"), "")
        if wanted is None:
            raise PackageNotFoundError(name)
        return SimpleNamespace(version=wanted, requires=None) if wanted else distribution(name)

    monkeypatch.setattr(libraries, "distribution", other)


@pytest.mark.parametrize(
    ("installed", "subject", "state", "said"),
    [
        ({"sqlalchemy": "2.1.0"}, "sqlalchemy", "note", "skips it (it takes sqlalchemy<2.1.0"),
        ({"flask": "1.1.4"}, "flask", "problem", "2.1 is the oldest"),
        ({"openai": None}, "openai", "ok", "not installed"),
        (
            {"opentelemetry_instrumentation_httpx": None},
            "httpx",
            "note",
            "we make the span ourselves",
        ),
    ],
)
def test_versions(
    installed: dict[str, str | None],
    subject: str,
    state: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    versions(monkeypatch, **installed)
    _, report = diagnose(capsys)
    ((was, detail),) = found(report, subject)
    assert was == state
    assert said in detail


def test_the_table_ends_with_the_count(settings: Settings, capsys: Capture) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert out.endswith("No problems found.\n")
    assert "SST_STAFF_TOKEN = set" in out
