"""Grafana's own packages from npm, kept by the lock file's hash: installed once a machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent / "node"
_KEPT = Path(__file__).parents[2] / ".stack-tools"


class MissingToolError(AssertionError):
    """node and npm are not on this machine, or the packages cannot be had."""


def installed() -> Path:
    """Return a folder with the packages of ``package-lock.json``; a failed install leaves none."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = _KEPT / f"grafana-node-{digest}"
    if folder.is_dir():
        return folder
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise MissingToolError("these tests need node and npm (Debian: apt-get install npm)")
    _KEPT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_KEPT) as made:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, made)
        words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(words, cwd=made, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MissingToolError(f"npm ci failed: {done.stderr.strip()[-500:]}")
        try:
            os.rename(made, folder)
        except OSError:
            if not folder.is_dir():  # else another run was faster
                raise
        else:
            Path(made).mkdir()  # for the block to remove
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run node with these arguments in ``folder``; its packages are those of :func:`installed`."""
    return subprocess.run(["node", *words], cwd=folder, capture_output=True, text=True, check=False)
