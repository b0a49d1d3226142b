"""The thread that empties the journals, about a second behind them: into the store, or away."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Protocol

from sst_otel.audit.outbox.drain import Drained, Target, UndeliveredError, drain
from sst_otel.guard import count_error, guard, say_once
from sst_otel.suppress import suppressed

_INTERVAL = 1.0
_FLUSH_EVERY = 0.1
_LONGEST_PAUSE = 30.0
_LOOK_AGAIN = 3600.0
_FORK_WAIT = 2.0
_EXIT_WAIT = 3.0

# A fork while another thread is inside the database driver or an import would hand the child
# locks nobody will ever release; so forks wait for the drain at hand, though never for long.
_fork_gate = threading.Lock()
_drainers: weakref.WeakSet[Drainer] = weakref.WeakSet()


class Route(Protocol):
    """Which target the journals are emptied into, and what that needs."""

    trouble: str
    """What is said, once, when the target takes nothing: ``the audit database cannot be written``.
    """
    forks_wait: bool
    """Whether a fork in the middle of it would leave locks behind that nobody releases."""

    def open(self) -> Target:
        """Return a target of this process; raises what using it would."""

    def tend(self, target: Target) -> None:
        """Do what is due after a drain, such as retention."""


class Drainer:
    """Empties ``directory`` by ``route`` while there is something in it.

    ``before``: writes out what is still buffered, False where it cannot; called before each drain,
    every tenth of a second between two, and at the end. ``after``: is told what a drain did.
    ``end``: is called when the interpreter ends, and calls :meth:`close`. The thread starts with
    the first :meth:`wake` of a process and sleeps while nothing is written.
    """

    def __init__(
        self,
        route: Route,
        directory: Path,
        before: Callable[[], bool],
        after: Callable[[Drained], None],
        end: Callable[[], None],
    ) -> None:
        self._route = route
        self._directory = directory
        self._before = before
        self._after = after
        self._end = end
        self._target: Target | None = None
        self._thread: threading.Thread | None = None
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        _drainers.add(self)

    def wake(self) -> bool:
        """Say that something was written or buffered; costs next to nothing when that is known.

        False once closed: nobody comes any more.
        """
        if self._stopping.is_set():
            return False
        if self._awake.is_set():
            return True
        self._awake.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None and not self._stopping.is_set():
                    thread = threading.Thread(target=self._run, name="sst-drainer", daemon=True)
                    self._thread = thread
                    thread.start()
                    atexit.register(self._end)
        return True

    def close(self) -> None:
        """Stop the thread after a last drain; waits a few seconds at most."""
        self._stopping.set()
        with guard("audit.flush"):
            self._before()  # here, as the thread may be waiting for a database
        self._awake.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(_EXIT_WAIT)
        atexit.unregister(self._end)

    def drain(self, wait: float = 0.0) -> None:
        """Drain once; ``wait``: seconds to wait for another process that does."""
        self._before()
        if self._target is None:
            self._target = self._route.open()
        done = drain(self._target, self._directory, wait)
        if done is None:
            self._awake.set()  # it may have passed our journal
            return
        self._after(done)
        self._route.tend(self._target)

    def _run(self) -> None:
        awake, pause = self._awake, _INTERVAL
        with suppressed():
            last = False
            while not last:
                awake.wait(_LOOK_AGAIN)
                last = self._rest(pause)
                awake.clear()
                if self._guarded(_EXIT_WAIT if last else 0.0):
                    pause = _INTERVAL
                else:
                    pause = min(pause * 2, _LONGEST_PAUSE)
                    awake.set()
            with guard("audit.close"):
                if self._target is not None:
                    self._target.close()

    def _rest(self, pause: float) -> bool:
        """Wait for the time of the next drain, ``pause`` seconds; True when it is the last.

        What is buffered meanwhile is written out soon, since a process may be killed while it
        idles; where that fails it is left to the drain.
        """
        until = time.monotonic() + pause
        written = True
        while (left := until - time.monotonic()) > 0:
            if self._stopping.wait(min(left, _FLUSH_EVERY) if written else left):
                return True
            if written:
                written = False
                with guard("audit.flush"):
                    written = self._before()
        return self._stopping.is_set()

    def _guarded(self, wait: float) -> bool:
        with _fork_gate if self._route.forks_wait else nullcontext():
            try:
                self.drain(wait)
                return True
            except UndeliveredError as error:
                kind = str(error)
            except Exception as error:
                kind = type(error).__name__
        say_once(
            "audit.drain",
            f"{self._route.trouble} ({kind}); events are kept in {self._directory} until then, "
            "the application is not affected",
        )
        count_error("audit.drain", kind)
        return False

    def _forked(self) -> None:
        """Begin anew: no thread survives a fork, and its events may have been held."""
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._thread = None
        self._target = None


def _before_fork() -> None:
    _forking.holds_gate = _fork_gate.acquire(timeout=_FORK_WAIT)


def _after_fork_in_parent() -> None:
    if _forking.holds_gate:
        _fork_gate.release()


def _after_fork_in_child() -> None:
    global _fork_gate
    _fork_gate = threading.Lock()
    for drainer in list(_drainers):
        drainer._forked()


_forking = threading.local()  # several threads may fork at once
os.register_at_fork(
    before=_before_fork,
    after_in_parent=_after_fork_in_parent,
    after_in_child=_after_fork_in_child,
)
