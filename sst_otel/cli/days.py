"""Numbers of days as options take them: ``365`` or ``365d``."""

from __future__ import annotations

from collections.abc import Callable


def days(least: int) -> Callable[[str], int]:
    """Return what reads a number of days; it raises ``ValueError`` for less than ``least``."""

    def read(text: str) -> int:
        number = int(text.removesuffix("d"))
        if number < least:
            raise ValueError
        return number

    return read
