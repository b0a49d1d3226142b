"""Tests that need packages of their own run inside the environment that has them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.isolated import ROOT, installed
from tests.sdks.environments import HERE, environment

FILES = ("litellm_calls.py", "litellm_rows.py", "litellm_behaviour.py", "instrumentations.py")


@pytest.mark.stack
def test_all_pass(wheel: Path, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "locks")
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    files = [str(Path("tests", "sdks", "inside", name)) for name in FILES]
    with installed(environment("models"), wheel) as python:
        done = subprocess.run(
            [str(python), "-m", "pytest", "-W", "default", *files],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", FILES)
def test_each_is_there(name: str) -> None:
    assert (HERE / "inside" / name).is_file()
