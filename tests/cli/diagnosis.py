"""Running ``sst-otel doctor`` and reading what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sst_otel.cli import main

Capture = pytest.CaptureFixture[str]


def diagnose(capsys: Capture) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the report of ``--format json``."""
    code = main(["doctor", "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def found(report: dict[str, Any], subject: str) -> list[tuple[str, str]]:
    """Return (state, detail) of the findings whose subject begins with a word."""
    return [
        (row["state"], row["detail"])
        for row in report["findings"]
        if row["subject"].split()[0] == subject
    ]


def lines(capsys: Capture) -> list[str]:
    """Return what people get."""
    assert main(["doctor"]) in (0, 1)
    return capsys.readouterr().out.splitlines()
