"""What ends a command, with its exit code."""

from __future__ import annotations

PROBLEMS = 1
USAGE = 2
UNREADABLE = 3


class CommandError(Exception):
    """A reason to end, said in one line without any personal value. ``code``: the exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code
