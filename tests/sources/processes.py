"""Programs as processes of their own under ``opentelemetry-instrument``, and what they shared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BINARIES = Path(sys.executable).parent


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a program in ``folder``, whose audit store is there as well."""
    return {
        **os.environ,
        "SST_DATABASE_URL": f"sqlite:///{folder / 'audit.db'}",
        "SST_KEY": "test-key-of-32-characters-length",
        "PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        **more,
    }


def instrumented(*command: str) -> list[str]:
    """Return ``command``, a program of this environment, as our users start it."""
    return [str(BINARIES / "opentelemetry-instrument"), str(BINARIES / command[0]), *command[1:]]


def ran(
    command: Sequence[str], environ: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a program in ``folder`` to its end, within 200 s."""
    return subprocess.run(
        command,
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def shared(environ: dict[str, str]) -> list[tuple[str, str, list[str]]]:
    """Return ``(route, owner id, data types)`` of each event that ``sst-otel events`` prints."""
    told = events(environ)
    return [(event["route"], event["owner_id"], event["data_types"]) for event in told]


def events(environ: dict[str, str]) -> list[dict[str, Any]]:
    """Return what ``sst-otel events`` prints."""
    found = subprocess.run(
        [sys.executable, "-m", "sst_otel.cli", "events", "--format", "ndjson"],
        env=environ,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    return [json.loads(line) for line in found.splitlines()]
