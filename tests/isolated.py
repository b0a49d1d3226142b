"""Environments of their own for tests, each kept as long as its lock does not change."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOR_TESTS = ("pytest>=8.3", "hypothesis>=6.100", "msgpack>=1.1", "orjson>=3.10", "pyjwt>=2.9")


@dataclass(frozen=True, slots=True)
class Isolated:
    """One environment."""

    name: str
    python: str
    """Versions, as PEP 440 has it."""
    lock_file: Path

    @property
    def folder(self) -> Path:
        return ROOT / f".venv-{self.name}"

    @property
    def interpreter(self) -> Path:
        return self.folder / "env" / "bin" / "python"


def found_python(wanted: str) -> str | None:
    """Return an interpreter of this machine: the tests' own first, pyenv's too; None without."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [str(Path(sys.base_prefix) / "bin")]
    folders += sorted(str(path) for path in pyenv.glob("versions/*/bin"))
    path = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])
    done = uv("python", "find", "--system", "--no-project", wanted, environ={"PATH": path})
    return done.stdout.strip() if done.returncode == 0 else None


def built_wheel(folder: Path) -> Path:
    """Build the package as it is published; raises ``AssertionError`` where that fails."""
    _checked(uv("build", "--wheel", "--quiet", "--out-dir", str(folder), str(ROOT)))
    (wheel,) = folder.glob("*.whl")
    return wheel


@contextmanager
def installed(environment: Isolated, wheel: Path) -> Iterator[Path]:
    """Give the interpreter of an environment with ``wheel`` in it, for oneself alone.

    The libraries stay from run to run; the package is put in anew. Raises ``AssertionError`` where
    uv fails or finds no interpreter.
    """
    folder = environment.folder
    folder.mkdir(exist_ok=True)
    with (folder / "in-use").open("w") as in_use:
        fcntl.flock(in_use, fcntl.LOCK_EX)  # another run of the tests may be here
        found = found_python(environment.python)
        assert found is not None, f"no Python {environment.python} for {environment.name}"
        stamp = folder / "stamp"
        wanted = hashlib.sha256(environment.lock_file.read_bytes() + found.encode()).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            shutil.rmtree(folder / "env", ignore_errors=True)
            _checked(uv("venv", "--quiet", "--python", found, str(folder / "env")))
            _install(environment, "--requirements", str(environment.lock_file))
            stamp.write_text(wanted)
        _install(environment, "--no-deps", "--reinstall", str(wheel))
        yield environment.interpreter


@contextmanager
def binaries_of(environment: Isolated, wheel: Path) -> Iterator[Path]:
    """Give the folder of an environment's programs; nothing of this one is on their path."""
    with installed(environment, wheel) as python, pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONPATH", raising=False)
        yield python.parent


def conflicts(interpreter: Path) -> str:
    """Return what uv says of requirements that are not met in an environment; ``""`` for none."""
    done = uv("pip", "check", "--quiet", "--python", str(interpreter))
    return "" if done.returncode == 0 else done.stderr


def _install(environment: Isolated, *what: str) -> None:
    _checked(uv("pip", "install", "--quiet", "--python", str(environment.interpreter), *what))


def resolve(requires: Sequence[str], lock_file: Path, resolution: str, python: str) -> None:
    """Lock the package, its extras and ``requires`` for every Python from ``python`` on at once."""
    options = ("--universal", "--python-version", python, "--all-extras", "--no-annotate")
    done = uv(
        *("pip", "compile", "--quiet", "--no-header", "--resolution", resolution),
        *(*options, str(ROOT / "pyproject.toml"), "-"),
        stdin="\n".join([*requires, *FOR_TESTS]),
    )
    _checked(done)
    lock_file.write_text(done.stdout, encoding="utf-8")


def uv(
    *arguments: str, environ: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run uv without the repository's own settings, which are for the main environment."""
    program = Path(sys.executable).with_name("uv")
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy"}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("UV_PYTHON", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV")
    }
    return subprocess.run(
        [str(program) if program.exists() else "uv", "--no-config", *arguments],
        cwd=ROOT / "tests",
        env={**inherited, **settings, **(environ or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def _checked(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
