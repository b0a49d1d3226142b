"""What is remembered by what an application gave is forgotten in time."""

from __future__ import annotations

import gc
import weakref

import pytest

from sst_otel import remembered
from sst_otel.remembered import EMPTIED_SECONDS
from tests.support import Tracking


@pytest.fixture(autouse=True)
def not_emptied_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_emptied_at", 0.0)


def test_it_is_emptied_after_half_an_hour() -> None:
    asked = []

    @remembered.remembered(10)
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    remembered.sweep(0.0)
    assert (length("ann"), length("ann"), asked) == (3, 3, ["ann"])
    start = 10 * EMPTIED_SECONDS
    remembered.sweep(start)
    assert length("ann") == 3
    remembered.sweep(start + EMPTIED_SECONDS - 1)
    assert len(asked) + length("ann") == 5
    remembered.sweep(start + EMPTIED_SECONDS)
    assert length("ann") + len(asked) == 6


def test_it_keeps_nothing_alive() -> None:
    class Asked:
        def __init__(self) -> None:
            self.length = remembered.remembered(10)(self._length)

        def _length(self, text: str) -> int:
            return len(text)

    asked = Asked()
    assert asked.length("ann") == 3
    gone = weakref.ref(asked)
    del asked
    gc.collect()
    assert gone() is None


def test_paths_are_among_it(tracking: Tracking) -> None:
    lookup = tracking.tracker.emit._lookup
    lookup("crm.example", "/people/ann.keller@example.com")
    assert lookup.cache_info().currsize == 1
    remembered.sweep(float("inf"))
    assert lookup.cache_info().currsize == 0
