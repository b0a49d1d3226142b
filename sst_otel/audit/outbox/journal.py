"""A process's own append-only file: what makes a share survive ``kill -9``.

Once ``os.write`` has returned, the bytes are the kernel's and outlive the process; no other process
is waited for. Whoever reads (:mod:`sst_otel.audit.outbox.drain`) takes the files of all processes.

A file is written under a name readers do not look at, locked, and only then renamed to
``*.journal``: a reader that gets the lock of a ``*.journal`` knows that its writer is gone.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
import weakref
from collections.abc import Iterable
from contextlib import suppress
from errno import EDQUOT, ENOSPC
from pathlib import Path

SUFFIX = ".journal"
_OPENING = ".opening"
_NO_FILE = (-1, -1, 0)
_ROTATE_BYTES = 8 * 1024 * 1024
_LOOKS = 64
"""How often the directory is measured while journals grow to their limit."""
_LOOK_AGAIN = 1.0
"""Seconds after which a directory at its limit is measured again."""

_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


class LimitError(OSError):
    """The journals of all processes have reached their limit."""

    def __init__(self) -> None:
        super().__init__(EDQUOT, "the journals have reached SST_SPOOL_LIMIT")


class Journal:
    """Appends lines to a file of this process in ``directory`` (made on first use, 0700).

    Thread-safe; a forked child starts a file of its own. ``rotate_bytes``: after that many bytes
    a new file is begun, so that a drained one can be removed. ``limit``: bytes that the journals
    of all processes may have together (0 = any); several processes may pass it by a 64th each.
    ``sync``: whether lines are on the disk, not only the kernel's, when they count as written.
    """

    def __init__(
        self,
        directory: Path,
        rotate_bytes: int = _ROTATE_BYTES,
        limit: int = 0,
        *,
        sync: bool = False,
    ) -> None:
        self.directory = Path(directory)
        self._rotate_bytes = rotate_bytes
        self._limit = limit
        self._sync = sync
        self._allowed = 0
        self._look_again = 0.0
        # A finaliser that shares data may run inside append on the same thread.
        self._lock = threading.RLock()
        self._fd: int | None = None
        self._identity = _NO_FILE[:2]
        self._written = 0
        _journals.add(self)

    def append(self, records: Iterable[bytes]) -> None:
        """Write whole lines with one ``write``; when it returns they survive SIGKILL.

        Raises :class:`LimitError`, and ``OSError`` where the disk is full, read-only or gone. Lines
        may then stand there in part or twice after a repetition; readers tell by the ids in them.
        """
        data = b"".join(records)
        with self._lock:
            if self._limit:
                self._allow(len(data))
            fd = self._fd
            if fd is None or self._written >= self._rotate_bytes or not self._is_ours(fd):
                fd = self._open()
            written = os.write(fd, data)
            if written != len(data):
                # What stands there ends in half a line; nothing may follow it. A file at its size
                # limit leaves room for another file, a full disk does not.
                fd = self._open()
                if os.write(fd, data) != len(data):
                    self.close()
                    raise OSError(ENOSPC, os.strerror(ENOSPC))
            self._written += len(data)
            if self._sync:
                os.fdatasync(fd)

    def size_of_all(self) -> int:
        """Return the bytes of the journals of all processes in the directory."""
        size = 0
        with suppress(FileNotFoundError), os.scandir(self.directory) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX):
                    with suppress(FileNotFoundError):  # it was read, and removed
                        size += entry.stat().st_size
        return size

    def close(self) -> None:
        """End this process's file; a later append begins a new one, and measures the directory."""
        with self._lock:
            self._look_again = 0.0
            fd, self._fd = self._fd, None
            if fd is not None and _identity(fd)[:2] == self._identity:
                os.close(fd)

    def _allow(self, size: int) -> None:
        """Take ``size`` bytes of what is left below the limit; raises :class:`LimitError`."""
        if size > self._allowed:
            now = time.monotonic()
            if now < self._look_again:
                raise LimitError
            left = self._limit - self.size_of_all()
            if size > left:
                self._look_again = now + _LOOK_AGAIN
                raise LimitError
            self._allowed = min(left, max(size, self._limit // _LOOKS))
        self._allowed -= size

    def _is_ours(self, fd: int) -> bool:
        """Tell whether the number still means our file, and the file is still in its directory.

        A program that becomes a daemon closes every descriptor, and the next file or socket it
        opens gets our number.
        """
        device, inode, names = _identity(fd)
        return (device, inode) == self._identity and names > 0

    def _open(self) -> int:
        self.close()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.time_ns():016x}-{os.getpid()}-{secrets.token_hex(6)}"
        opening = self.directory / (name + _OPENING)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        fd = os.open(opening, flags, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            os.rename(opening, self.directory / (name + SUFFIX))
        except BaseException:
            os.close(fd)
            with suppress(OSError):
                os.unlink(opening)
            raise
        self._fd, self._written, self._identity = fd, 0, _identity(fd)[:2]
        if self._sync:
            self._sync_directory()
        return fd

    def _sync_directory(self) -> None:
        """Bring the names of the files to the disk."""
        directory = os.open(self.directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _forget(self) -> None:
        """In a forked child: leave the parent's file alone, and a lock another thread held."""
        self._lock = threading.RLock()
        self._allowed = 0
        self.close()


def _identity(fd: int) -> tuple[int, int, int]:
    """Return device, file and number of names of an open file."""
    try:
        status = os.fstat(fd)
    except OSError:
        return _NO_FILE
    return status.st_dev, status.st_ino, status.st_nlink


def _after_fork() -> None:
    for journal in list(_journals):
        journal._forget()


os.register_at_fork(after_in_child=_after_fork)
