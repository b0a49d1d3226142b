"""A clock that programs read instead of the machine's, and that can be set while they run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tools.stack.program import MissingToolError

_LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")


class Clock:
    """Right until it is set (libfaketime); ``file`` is made and says how it differs.

    A program may not use ``clock_nanosleep`` with it, which then fails now and then with ``EINVAL``
    (libfaketime 0.9.10): in Python 3.11 and later that is ``time.sleep``.
    """

    def __init__(self, file: Path) -> None:
        """Raises :class:`MissingToolError` where there is no libfaketime."""
        root = Path("/")
        found = [path for name in _LIBRARIES for path in root.glob(name.lstrip("/"))]
        if not found:
            raise MissingToolError("libfaketime is not here (Debian: apt-get install libfaketime)")
        self._library = found[0]
        self._file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Make it differ by so many seconds from the machine's."""
        whole = self._file.with_suffix(".new")
        whole.write_text(f"{seconds:+}s\n")
        whole.replace(self._file)  # it is read at any moment

    def environ(self) -> Mapping[str, str]:
        """Return the variables of a program that is to read it."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",  # else it is read again after ten seconds
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # nobody sets that one
            "NO_FAKE_STAT": "1",  # nor the times of files
        }
