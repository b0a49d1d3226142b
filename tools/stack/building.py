"""The programs of the stack, built once and kept by what they are built from."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.stack.program import ROOT, MissingToolError

KEPT = ROOT / ".stack-tools"
_COLLECTOR = ROOT / "collector"
_JAEGER = _COLLECTOR / "jaeger"
_SAID_EVERY = 15.0
_LAST_LINES = 15


class BuildError(Exception):
    """A build failed; the text is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that is built here, or a folder of programs."""

    name: str
    files: tuple[Path, ...]
    """What decides how it comes out."""
    minutes: int
    """What it takes from empty caches on two cores at most, as a person is told."""
    make: Callable[[Path, Progress], None]
    """Builds it in an empty folder, where it leaves :attr:`name`."""
    compiled: bool = True
    """Whether that takes Go."""

    @property
    def path(self) -> Path:
        """Where it is kept; another one for other files."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(file.read_bytes() + b"\x00")
        return KEPT / f"{self.name}-{digest.hexdigest()[:16]}" / self.name


class Progress:
    """Runs the commands of one build and says now and then how far it is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began = self._said = time.monotonic()
        self._steps = 0

    def run(self, words: Sequence[str | Path], cwd: Path, **environ: str) -> None:
        """Run a command; raises :class:`BuildError`."""
        lines: list[str] = []
        with subprocess.Popen(
            [str(word) for word in words],
            cwd=cwd,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    lines = [*lines[-_LAST_LINES:], line.rstrip()]
                    self._steps += 1
                    self._tell()
            except BaseException:
                process.terminate()  # Ctrl-C: it would be waited for
                raise
        if process.returncode:
            raise BuildError("\n".join([f"{self._name} was not built:", *lines]))

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._said >= _SAID_EVERY:
            self._said = now
            say(f"  {self._name}: {now - self._began:.0f} s, {self._steps} steps")


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)


def built(tool: Tool) -> Path:
    """Return where ``tool`` is, building it first if need be.

    One process builds, others wait for it; a build that fails leaves nothing. Raises
    :class:`MissingToolError` without Go, :class:`BuildError`.
    """
    if tool.path.exists():
        return tool.path
    if tool.compiled and shutil.which("go") is None:
        raise MissingToolError(f"{tool.name} is built with Go 1.26 or newer: https://go.dev/dl/")
    KEPT.mkdir(exist_ok=True)
    with (KEPT / f"{tool.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tool.path.exists():
            _build(tool)
    return tool.path


def _build(tool: Tool) -> None:
    say(f"building {tool.name}, once; up to {tool.minutes} minutes where all caches are empty")
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f".{tool.name}-", dir=KEPT))
    try:
        work = folder / "work"
        work.mkdir()
        tool.make(work, Progress(tool.name))
        ready = folder / "ready"
        ready.mkdir()
        (work / tool.name).rename(ready / tool.name)
        ready.rename(tool.path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"built {tool.name} in {time.monotonic() - began:.0f} s: {tool.path}")


def _make_collector(work: Path, progress: Progress) -> None:
    manifest = (_COLLECTOR / "builder-config.yaml").read_text("utf-8")
    version = next(
        line.split()[1] for line in manifest.splitlines() if line.strip().startswith("version:")
    )
    (work / "builder-config.yaml").write_text(manifest, "utf-8")
    builder = f"go.opentelemetry.io/collector/cmd/builder@v{version}"
    progress.run(["go", "install", "-v", builder], work, GOBIN=str(work))
    # Its own compilation says nothing for minutes, so it only writes the sources.
    progress.run(["./builder", "--config=builder-config.yaml", "--skip-compilation"], work)
    out = work / COLLECTOR.name
    words = ["go", "build", "-v", "-trimpath", "-ldflags=-s -w", "-o", str(out), "."]
    progress.run(words, work / "build")


def _make_jaeger(work: Path, progress: Progress) -> None:
    for name in ("go.mod", "go.sum"):
        shutil.copy(_JAEGER / name, work / name)
    package = "github.com/jaegertracing/jaeger/cmd/jaeger"
    out = work / JAEGER.name
    words = ["go", "build", "-v", "-trimpath", "-ldflags=-s -w", "-o", str(out), package]
    progress.run(words, work)


COLLECTOR = Tool("sst-otelcol", (_COLLECTOR / "builder-config.yaml",), 6, _make_collector)
JAEGER = Tool("jaeger", (_JAEGER / "go.mod", _JAEGER / "go.sum"), 9, _make_jaeger)
