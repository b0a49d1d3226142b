"""``sst-otel ingest``: from an application's journals into a database, over a real connection."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from sst_otel.audit.log import AuditLog, open_reader
from sst_otel.audit.queries import Reader
from sst_otel.cli import main
from sst_otel.settings import Settings
from tests.audit.helpers import KEYS, NOW, settings_in, share

SCRIPT = Path(sys.executable).with_name("sst-otel")


@contextmanager
def ingesting(
    url: str, *arguments: str, **environ: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the command on ``url``; gives the endpoint for applications."""
    with subprocess.Popen(
        [SCRIPT, "ingest", "--listen", "127.0.0.1:0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SST_DATABASE_URL": url, "PYTHONWARNINGS": "error", **environ},
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().removesuffix("/v1/logs"), process
        finally:
            process.kill()


def stored(reader: Reader) -> list[str]:
    rows, _ = reader.audit_logs(viewer=None, limit=1_000)
    assert {row["outcome"] for row in rows} <= {"sent"}
    return sorted(row["event_id"] for row in rows)


def shared(settings: Settings, count: int) -> list[str]:
    """Let an application share, and end; the ids of its events."""
    log = AuditLog(settings, KEYS)
    events = [share("42") for _ in range(count)]
    for event in events:
        assert log.share(event)
        log.outcome(event.event_id, "sent", NOW)
    log.close()
    return sorted(event.event_id for event in events)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_an_application_shares_is_in_the_database(
    number: signal.Signals, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/central.db"
    with ingesting(url, SST_INGEST_TOKEN="old-token,new-token") as (endpoint, process):
        settings = settings_in(tmp_path, audit_endpoint=endpoint, audit_token="new-token")
        events = shared(settings, 20)
        assert requests.get(f"{endpoint}/healthz", timeout=20).text == "ok\n"
        assert requests.post(f"{endpoint}/v1/logs", timeout=20).status_code == 401
        port = int(endpoint.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):  # says nothing
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")
    reader = open_reader(Settings(database_url=url, spool_dir=tmp_path / "none"), KEYS)
    assert stored(reader) == events
    reader.close()


def test_it_does_not_take_from_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["ingest", "--listen", "0.0.0.0:0"]) == 2
    assert "set SST_INGEST_TOKEN first" in capsys.readouterr().err


def test_a_database_that_is_none_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SST_DATABASE_URL", "nosuch://u:hunter2@h/db")
    assert main(["ingest"]) == 2
    said = capsys.readouterr().err
    assert "SST_DATABASE_URL cannot be used" in said
    assert "hunter2" not in said
