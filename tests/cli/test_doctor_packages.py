"""What ``sst-otel doctor`` says of packages without a sink of their own, of bodies and of files."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace
from typing import Any

import pytest

from sst_otel.cli import libraries, main, packages
from sst_otel.settings import Settings
from sst_otel.sinks.elsewhere import DRIVERS, OWN_SINKS

Capture = pytest.CaptureFixture[str]


def said(capsys: Capture) -> dict[str, tuple[str, str]]:
    """Return subject → (state, detail)."""
    assert main(["doctor", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["findings"]
    return {row["subject"]: (row["state"], row["detail"]) for row in rows}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of distributions that are here, in version 1.0; no others of these tables are."""
    here: set[str] = set()

    def other(name: str) -> Any:
        if name not in here:
            raise PackageNotFoundError(name)
        return SimpleNamespace(version="1.0", requires=None)

    monkeypatch.setattr(packages, "distribution", other)
    return here


@pytest.mark.parametrize(
    ("name", "state", "detail"),
    [
        ("motor", "ok", "covered through pymongo"),
        ("litestar", "ok", "covered (forms, JSON and messages coming in)"),
        ("sanic", "note", "under ASGI, not with its own server"),
        ("pymemcache", "ok", "seen by the last door, as `socket`"),
        ("uvloop", "note", "unseen: it passes below the last door (its connections write in C)"),
    ],
)
def test_packages_without_a_sink_of_their_own(
    name: str,
    state: str,
    detail: str,
    environment: set[str],
    settings: Settings,
    capsys: Capture,
) -> None:
    assert f"{name} 1.0" not in said(capsys)
    environment.add(name)
    found = said(capsys)[f"{name} 1.0"]
    assert found[0] == state
    assert detail in found[1]


def test_each_package_stands_in_one_table() -> None:
    tables = (
        [one.name for one in libraries.LIBRARIES],
        packages.INCOMING,
        packages.THROUGH,
        packages.BY_SOCKET,
        packages.BELOW,
    )
    names = [name for table in tables for name in table]
    assert sorted(names) == sorted(set(names))
    assert {name for name in names if name != name.lower()} == set()
    assert not set(DRIVERS) & set(OWN_SINKS)


def test_what_is_always_said(environment: set[str], settings: Settings, capsys: Capture) -> None:
    found = said(capsys)
    assert "os.sendfile" in found["all others"][1]
    assert found["zstd"] == (
        "note",
        "none of zstandard, backports.zstd, pyzstd is here: such bodies stay unread",
    )
    environment.add("zstandard")
    assert said(capsys)["zstd"] == ("ok", "read once the application has loaded zstandard 1.0")


def test_files_and_logs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    found = said(capsys)
    assert {found["SST_FILES"][0], found["SST_LOGS"][0]} == {"note"}
    monkeypatch.setenv("SST_FILES", "exports/*.csv")
    monkeypatch.setenv("SST_LOGS", "shop.*")
    found = said(capsys)
    assert found["SST_FILES"] == ("ok", "watched: exports/*.csv")
    assert found["SST_LOGS"] == ("ok", "looked at: shop.*")


def test_an_instrumentation_that_is_switched_off(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "urllib3, aiohttp-client")
    found = said(capsys)
    off = {subject.split()[0] for subject, (_, text) in found.items() if "switched off" in text}
    assert off == {"urllib3", "aiohttp"}


def test_people_get_it_in_80_columns(
    environment: set[str], settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    environment |= {*packages.THROUGH, *packages.BY_SOCKET, *packages.BELOW}
    monkeypatch.setattr(libraries, "LIBRARIES", (libraries.Library("no-such", (1,), None, "x"),))
    assert main(["doctor"]) == 0
    report = capsys.readouterr().out.partition("\nSettings in effect")[0]
    assert max(map(len, report.splitlines())) <= 80
    areas = [line for line in report.splitlines() if line and line[0] != " "]
    assert areas[:4] == ["Start", "Libraries", "Bodies", "Files"]
    assert "not here: no-such" in report
