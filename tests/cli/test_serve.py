from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sst_otel.cli import main
from sst_otel.settings import Settings
from tests.pages.sample import STAFF_TOKEN

SCRIPT = Path(sys.executable).with_name("sst-otel")


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        [SCRIPT, "serve", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error::ResourceWarning"},
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def get(url: str, headers: dict[str, str]) -> tuple[int, bytes]:
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=20)) as connection:
        connection.request("GET", parts.path, headers=headers)
        with connection.getresponse() as answer:
            return answer.status, answer.read()


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_staff_see_everything_until_the_server_is_told_to_end(number: signal.Signals) -> None:
    with serving() as (process, url):
        api = url.replace("/dashboard", "/api/audit-logs")
        assert get(api, {})[0] == 401
        status, body = get(api, {"Authorization": f"Bearer {STAFF_TOKEN}"})
        assert (status, len(json.loads(body)["audit_logs"])) == (200, 6)
        assert get(urlsplit(url)._replace(path="/").geturl(), {})[0] == 303
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)):  # says nothing
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_refuses_to_serve_without_a_staff_token(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SST_STAFF_TOKEN")
    assert main(["serve"]) == 2
    assert "SST_STAFF_TOKEN" in capsys.readouterr().err


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("address", ["8765", "127.0.0.1:http", "127.0.0.1:99999"])
def test_a_wrong_address_is_wrong_usage(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--listen", address]) == 2
    assert "HOST:PORT" in capsys.readouterr().err


@pytest.mark.usefixtures("settings")
def test_a_port_in_use_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--listen", f"127.0.0.1:{taken.getsockname()[1]}"]) == 2
    assert "cannot listen" in capsys.readouterr().err
