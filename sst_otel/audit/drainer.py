"""The thread that keeps the embedded store current, about a second behind the journals."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sst_otel.guard import count_error, guard, say_once
from sst_otel.suppress import suppressed

if TYPE_CHECKING:
    from sst_otel.audit.store import Store

_INTERVAL = 1.0
_FLUSH_EVERY = 0.1
_LONGEST_PAUSE = 30.0
_RETENTION_EVERY = 86_400.0
_STAMP = "retention.stamp"
_FORK_WAIT = 2.0
_EXIT_WAIT = 3.0

# A fork while another thread is inside the database driver or an import would hand the child
# locks nobody will ever release; so forks wait for the drain at hand, though never for long.
_fork_gate = threading.Lock()
_drainers: weakref.WeakSet[Drainer] = weakref.WeakSet()


class Drainer:
    """Drains ``directory`` into the database at ``url`` while there is something to drain.

    ``before``: writes out what is still buffered, False where it cannot; called before each drain,
    every tenth of a second between two, and at the end. The thread starts with the first
    :meth:`wake` of a process, sleeps while nothing is written, and does a last drain when the
    interpreter ends.
    """

    def __init__(
        self, url: str, directory: Path, retention_days: int, before: Callable[[], bool]
    ) -> None:
        self._url = url
        self._directory = directory
        self._retention_days = retention_days
        self._before = before
        self._store: Store | None = None
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
                    atexit.register(self.close)
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
        atexit.unregister(self.close)

    def drain(self) -> bool:
        """Drain once; False when that has to be tried again."""
        from sst_otel.audit.drain import drain

        self._before()
        if self._store is None:
            from sst_otel.audit.store import Store

            self._store = Store(self._url)
        if drain(self._store, self._directory) is None:
            return False
        self._prune(self._store)
        return True

    def _run(self) -> None:
        awake, pause = self._awake, _INTERVAL
        with suppressed():
            last = False
            while not last:
                awake.wait(_RETENTION_EVERY / 24)
                last = self._rest(pause)
                awake.clear()
                if self._guarded():
                    pause = _INTERVAL
                else:
                    pause = min(pause * 2, _LONGEST_PAUSE)
                    awake.set()
            with guard("audit.close"):
                if self._store is not None:
                    self._store.close()

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

    def _guarded(self) -> bool:
        with _fork_gate:
            try:
                return self.drain()
            except Exception as error:
                kind = type(error).__name__
        say_once(
            "audit.drain",
            f"the audit database cannot be written ({kind}); events are kept in "
            f"{self._directory} until it can, the application is not affected",
        )
        count_error("audit.drain", kind)
        return False

    def _prune(self, store: Store) -> None:
        """Apply retention, once a day among all processes of the directory."""
        if self._retention_days <= 0 or not self._directory.is_dir():
            return
        stamp = self._directory / _STAMP
        now = time.time()
        try:
            if abs(now - stamp.stat().st_mtime) < _RETENTION_EVERY:
                return
        except FileNotFoundError:
            pass
        stamp.touch(mode=0o600)
        store.apply_retention(self._retention_days, now)

    def _forked(self) -> None:
        """Begin anew: no thread survives a fork, and its events may have been held."""
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._thread = None
        self._store = None


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
