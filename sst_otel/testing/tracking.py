"""Tracking over a store of its own, for the length of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sst_otel import lineage, tracker
from sst_otel.settings import load_settings
from sst_otel.testing.shares import Shares
from sst_otel.testing.stubs import watch_stubs

_KEY = "a key for tests, the same each time"

_open: list[Shares] = []


@contextmanager
def tracking(**settings: Any) -> Iterator[Shares]:
    """Track what the block shares; ``settings`` as in ``SST_*``, lower case.

    The settings of the machine hold, too (``SST_CONFIG`` with its owners, models, data types), but
    the store is a temporary one that is gone afterwards, and no pages are mounted. Tag ids are the
    same in every run. If tracking was on already it is paused, and goes on afterwards. Raises
    ``ValueError`` for a wrong setting.
    """
    with TemporaryDirectory(prefix="sst-otel-", ignore_cleanup_errors=True) as directory:
        place = Path(directory)
        chosen = {
            "database_url": f"sqlite:///{place / 'audit.db'}",
            "spool_dir": place / "spool",
            "key": _KEY,
            "pages": False,
            "disabled": False,
            **settings,
        }
        former = tracker.running()
        running = tracker.start(load_settings(overrides=chosen))
        if running is None:
            raise ValueError("disabled: tracking() cannot track nothing")
        stubs = watch_stubs(running.emit)
        shares = Shares(running.settings, running.keys)
        _open.append(shares)
        try:
            yield shares
        finally:
            try:
                shares.keep()
            finally:
                _open.remove(shares)
                stubs.undo()
                tracker.stop()
                if former is not None:
                    again = tracker.start(former.settings)
                    if again is not None:
                        again.emit.callback = former.emit.callback


def current() -> Shares:
    """Return the shares of the innermost open block; raises ``RuntimeError`` outside of any."""
    if not _open:
        raise RuntimeError("nothing is tracked: use `with sst_otel.testing.tracking() as shares:`")
    return _open[-1]


def follow(*packages: str) -> Callable[[], None]:
    """Have modules imported from now on followed; returns what ends that.

    For ``conftest.py``, before the application is imported: ``follow("shop")``, or ``follow()`` for
    all first-party modules. Without tracking they behave as if it had not been called.
    """
    return lineage.install(",".join(packages) or "auto")
