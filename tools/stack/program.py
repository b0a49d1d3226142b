"""A program of the stack as a process of its own: started, stopped, killed, started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from examples.demo.application import clean_environ
from tools.stack.waiting import wait_until

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(sys.executable).parent
_LAST_LINES = 15


class MissingToolError(Exception):
    """A program that is needed is not on this machine; the text says how to get it."""


class Program:
    """A program and how it is run; a context manager that starts and stops it.

    ``name``: what people call it. ``log`` receives all it says, one start after the other.
    ``environ``: on top of this process's own, from which settings of OpenTelemetry and of ours are
    taken out, and proxies. ``ready``: whether it does its work. ``ends``: the signal that ends it
    in an orderly way. ``account``: ``user`` and so on, as ``subprocess`` takes them.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        ready: Callable[[], bool],
        *,
        environ: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        ends: signal.Signals = signal.SIGTERM,
        account: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(word) for word in command]
        self._environ = {**clean_environ(), **(environ or {})}
        self._cwd = cwd
        self._ready = ready
        self._ends = ends
        self._account = dict(account or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its group; raises where it was never started."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start it and wait until it is ready; raises ``AssertionError`` with its last words."""
        self.launch()
        try:
            wait_until(self._ready, self._trouble, self.last_words)
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self) -> None:
        """Start it without waiting."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us, who then stop it in order
                **self._account,
            )

    def stop(self, seconds: float = 30) -> int:
        """End it in an orderly way; killed after ``seconds``. Returns its exit code, 0 if none."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(self._ends)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return int(self._process.returncode)

    def kill(self) -> None:
        """Kill it and all that it has started, at once."""
        os.killpg(self.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def last_words(self) -> str:
        """Return the end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return "\n".join([f"{self.name} (log: {self.log}) said last:", *lines])

    def _trouble(self) -> str | None:
        return None if self.is_running else f"{self.name} ended\n{self.last_words()}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
