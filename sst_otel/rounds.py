"""Work at intervals in a thread, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator


class Rounds:
    """Hands out the rounds of one thread; any thread may stop them."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether :meth:`stop` was called: what is long may end in the middle."""
        return self._stopping.is_set()

    def each(self, every: float, first: float) -> Iterator[bool]:
        """Yield False after ``first`` seconds, then every so many; once stopped, True, and end."""
        pause = first
        while not self._stopping.wait(pause):
            yield False
            pause = every
        yield True

    def stop(self) -> None:
        """End the rounds."""
        self._stopping.set()
