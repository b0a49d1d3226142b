"""A process forks while another thread has our locks: the child goes on, that thread is not there.

And a handler of signals that comes in between while its own thread has one.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import ExitStack
from importlib import import_module
from typing import Any

from sst_otel import guard, lifetime, missed
from sst_otel.registry.registry import Registry
from sst_otel.scope import Scope
from sst_otel.sources.directory import Directory
from sst_otel.status import read_all
from sst_otel.tags import Minter
from tests.support import Tracking

SCOPES: Any = import_module("sst_otel.scope")  # the package's own name for it is the block
MINTER = Minter(b"k" * 32)


def test_a_child_goes_on_although_a_thread_held_the_locks() -> None:
    registry = Registry(100, 3600, lambda: 0.0)
    tagger: Any = None
    directory = Directory(tagger)
    locks = [module._lock for module in (guard, missed, SCOPES, lifetime)]
    locks += [registry._lock, directory._lock]
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with ExitStack() as all_of_them:
            for lock in locks:
                all_of_them.enter_context(lock)
            held.set()
            release.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        missed.missed(missed.UNREAD)
        guard.count_error("place", "Kind")
        SCOPES.count_exhausted("marks", 0)
        lifetime.awaken(Scope())
        registry.add(MINTER.owner("1"), "email", "bea@example.com", "form_field:email")
        directory.learn(MINTER.owner("1"), "users", "name", "bea")
        os._exit(0 if len(registry) == 1 and registry.indexes() else 1)
    release.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_handler_of_signals_may_count() -> None:
    counted: list[int] = []

    def handler(*_: Any) -> None:
        SCOPES.count_exhausted("marks", 0)
        counted.append(SCOPES.exhausted()["marks"])

    former = signal.signal(signal.SIGUSR1, handler)
    try:
        with SCOPES._lock:
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert len(counted) == 1


def test_a_child_may_close_every_descriptor_first(tracking: Tracking) -> None:
    """As daemons do, and Celery's beat."""
    before = guard.error_counts()
    directory = tracking.tracker.settings.spool_dir
    child = os.fork()
    if child == 0:
        own: list[Any] = []
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            os.closerange(3, 64)
        while not own:
            own = [record for record in read_all(directory) if record["pid"] == os.getpid()]
        os._exit(0 if guard.error_counts() == before else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
