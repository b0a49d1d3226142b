"""Well-known packages pass their own tests when they are the application and all is tagged."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCES = HERE / "sources.txt"
CACHE = (
    HERE.parents[1] / ".run" / f"packages-{hashlib.sha256(SOURCES.read_bytes()).hexdigest()[:12]}"
)
PACKAGES = {
    # its tests, and what they need: a hook of a conftest.py is one of an older pytest's
    "boltons": ("tests", "--noconftest"),
    "inflection": ("test_inflection.py",),
    "parse": ("tests",),
    "sqlparse": ("tests",),
    "tabulate": ("test",),
}
SHARES = {"boltons": 0.2}  # its list and socket tests loop over counters of their own
"""Least share of the sites that ran which had something marked; else most of them."""
pytestmark = pytest.mark.stack


@pytest.fixture(scope="session")
def sources() -> Path:
    """The unpacked source distributions, fetched from the package index once."""
    if not (CACHE / "complete").exists():
        command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
        options = ("--no-binary", ":all:", "--require-hashes", "-r", str(SOURCES))
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run([*command, *options, "-d", str(CACHE)], check=True, timeout=600)
        for archive in CACHE.glob("*.tar.gz"):
            with tarfile.open(archive) as opened:
                opened.extractall(CACHE, filter="data")
        (CACHE / "complete").touch()
    return CACHE


def outcome(folder: Path, *options: str, **environ: str) -> Counter[str]:
    """Run a package's tests; return how many ended how."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rN", "-c", os.devnull, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{HERE}", **environ},
        capture_output=True,
        text=True,
        timeout=600,
    )
    last = (done.stdout.strip().splitlines() or [""])[-1]
    found = Counter({kind: int(count) for count, kind in re.findall(r"(\d+) ([a-z]+)", last)})
    assert found["passed"], done.stdout[-3000:] + done.stderr[-3000:]
    return Counter({kind: found[kind] for kind in ("passed", "failed", "errors", "skipped")})


@pytest.mark.parametrize("name", PACKAGES)
def test_passes_its_own_tests(name: str, sources: Path, tmp_path: Path) -> None:
    (folder,) = (found for found in sources.glob(f"{name}-*") if found.is_dir())
    report = tmp_path / "report.json"
    tests = PACKAGES[name]
    plain = outcome(folder, *tests)
    tagged = outcome(
        folder, *tests, "-p", "tagging", TAGGED_PACKAGES=name, TAGGED_REPORT=str(report)
    )
    assert tagged == plain
    assert plain["passed"] > 20
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["rewritten"] > 0
    assert not told["errors"]
    assert not told["skipped"]
    assert told["followed"] > SHARES.get(name, 0.5) * told["sites"] > 100, told
