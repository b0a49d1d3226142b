"""One run of the example site in each environment, shared by the tests of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.compat.environments import HERE, Environment, environments
from tests.isolated import ROOT, conflicts, found_python, installed

_FOUND = {each.name: found_python(each.python) is not None for each in environments()}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for each in environments():
        if not _FOUND[each.name]:
            terminalreporter.line(
                f"tests/compat: {each.name} was left out, there is no Python {each.python} here"
            )


@dataclass(frozen=True, slots=True)
class Run:
    """What :mod:`tests.compat.probe` found in one environment."""

    environment: Environment
    python: Path
    folder: Path
    """Holds copies of the site and of our tests, not of the package."""
    conflicts: str
    told: dict[str, Any]


@pytest.fixture(
    scope="package",
    params=[each for each in environments() if _FOUND[each.name]],
    ids=lambda each: each.name,
)
def run(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    environment: Environment = request.param
    folder = tmp_path_factory.mktemp(environment.name)
    (folder / "work").mkdir()
    _copy(environment, folder)
    with installed(environment.isolated, wheel) as python:
        done = subprocess.run(
            [str(python), "probe.py", str(folder / "work"), json.dumps(environment.destinations)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr
        yield Run(environment, python, folder, conflicts(python), json.loads(done.stdout))


def _copy(environment: Environment, folder: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", HERE.name)
    for name in ("examples", "tests", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for file in (HERE / "probe.py", ROOT / "pyproject.toml"):
        shutil.copy(file, folder)
    for change in environment.site:
        path = folder / "examples" / "budget" / change["file"]
        source = path.read_text(encoding="utf-8")
        assert change["text"] in source
        path.write_text(source.replace(change["text"], change["other"]), encoding="utf-8")
