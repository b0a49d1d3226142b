"""What ``sst-otel doctor`` says of a process that really tracks, in another environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sst_otel.status import StatusFile
from tests.cli.diagnosis import Capture, diagnose
from tests.support import tracking_in

KEY = "test-key-of-32-characters-length"
Details = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def details(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture) -> Details:
    """Give ``details(**settings)``: states and texts of a process that runs with ``settings``."""
    monkeypatch.setenv("SST_DATABASE_URL", f"sqlite:///{tmp_path / 'audit.db'}")
    monkeypatch.setenv("SST_KEY", KEY)

    def run(**settings: Any) -> list[tuple[str, str]]:
        with tracking_in(tmp_path, **settings) as tracking:
            status = StatusFile(tracking.tracker.settings.spool_dir)
            status.write(tracking.tracker.state())
            rows = diagnose(capsys)[1]["findings"]
        return [(row["state"], row["detail"]) for row in rows if row["area"] == "processes"]

    return run


def test_settings_that_differ_from_those_here(
    details: Details, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SST_LINEAGE", "off")
    monkeypatch.setenv("SST_KEY_FILE", str(tmp_path / ".." / "sst.key"))
    monkeypatch.setenv("SST_SERVICE_NAME", "doctor")
    assert not [text for _, text in details() if text.startswith("runs with")]
    assert [
        row
        for row in details(redact=False, owner=["jwt:sub", "session"])
        if row[1].startswith("runs with")
    ] == [
        (
            "note",
            "runs with SST_OWNER = jwt:sub, session, here it is flask_login, django_auth, "
            "starlette_auth, web_login, session:user_id, session:_user_id, session:uid, "
            "session:user, session:id, session, jwt:sub: restart it, or run this with its settings",
        ),
        (
            "note",
            "runs with SST_REDACT = off, here it is on: restart it, or run this with its settings",
        ),
    ]


def test_another_key(details: Details) -> None:
    assert not [text for _, text in details() if "another key" in text]
    ((state, text),) = (row for row in details(key=KEY[::-1]) if "another key" in row[1])
    assert state == "problem"
    assert KEY not in text
    assert KEY[::-1] not in text


def test_what_is_redacted_and_passed_on(details: Details) -> None:
    import opentelemetry.sdk.trace.export  # noqa: F401 - it has exporters of its own

    texts = {text: state for state, text in details()}
    (redacted,) = (
        text for text in texts if text.startswith("exporters loaded there, all redacted")
    )
    assert "ConsoleSpanExporter" in redacted
    assert texts["passes on baggage, traceparent, tracestate; fenced"] == "ok"
    off = [text for _, text in details(redact=False)]
    assert not [text for text in off if text.startswith("exporters loaded")]
