from __future__ import annotations

import importlib.util
import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sst_otel.cli import libraries, main
from sst_otel.settings import Settings
from sst_otel.status import StatusFile
from tests.cli.diagnosis import Capture, diagnose, found, lines
from tests.pages.sample import KEYS, STAFF_TOKEN, Sample, store


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
            {"opentelemetry_instrumentation_fastapi": None},
            "fastapi",
            "note",
            "its requests have no spans: pip install opentelemetry-instrumentation-fastapi",
        ),
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


GEVENT = "OTEL_PYTHON_AUTO_INSTRUMENTATION_EXPERIMENTAL_GEVENT_PATCH"
HTTPS, TASKS = "HTTPS fails (RecursionError) there", "no task is taken there"


@pytest.mark.parametrize(
    ("value", "missing", "said"),
    [
        (None, "", [("note", HTTPS), ("note", TASKS)]),
        (None, "gevent", []),
        (None, "gunicorn", [("note", TASKS)]),
        (None, "celery", [("note", HTTPS)]),
        ("patch_all", "", [("ok", "gevent patches before ssl is loaded")]),
        ("patch_all", "gevent", [("problem", "install it, or unset the variable")]),
        ("true", "", [("problem", "changes nothing but as patch_all")]),
    ],
)
def test_what_gevent_needs(
    value: str | None,
    missing: str,
    said: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    if value is not None:
        monkeypatch.setenv(GEVENT, value)
    if missing:
        actual = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name, *rest: None if name == missing else actual(name, *rest),
        )
    report = diagnose(capsys)[1]
    rows = [row for row in report["findings"] if GEVENT in row["detail"]]
    assert [row["state"] for row in rows] == [state for state, _ in said]
    for row, (_, part) in zip(rows, said, strict=True):
        assert "gevent" in row["subject"]
        assert part in row["detail"]


def test_the_exit_codes_are_in_the_help(capsys: Capture) -> None:
    assert main(["doctor", "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Exit codes: 0 fine (notes of doctor count as that), 1 problems found, 2 wrong" in out


@pytest.mark.usefixtures("settings")
def test_every_line_has_80_columns_and_problems_are_named_last(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("SST_REDCT", "off")
    monkeypatch.setenv("SST_FILES", ", ".join(f"exports/{n}/*.csv" for n in range(20)))
    said = lines(capsys)
    assert max(map(len, said)) <= 80
    assert said[-1] == "1 problem found: SST_REDCT."
