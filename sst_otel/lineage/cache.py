"""Rewritten code on disk: our own files, never the interpreter's ``.pyc``.

A cached file is code that will run, so it counts only if it and its directory belong to this user
and nobody else may write there; anything odd is as if it were not there.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import CodeType


class CodeCache:
    """Code objects by module file and source, in ``directory`` (created 0700)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._engine = _engine_version()

    def load(self, path: str, source: bytes) -> CodeType | None:
        """Return the rewritten code of ``source``, or None."""
        try:
            if not _is_ours(os.stat(self.directory, follow_symlinks=False)):
                return None
            descriptor = os.open(self._file(path, source), os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None
        with open(descriptor, "rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            content = file.read()
        digest, payload = content[:32], content[32:]
        if hashlib.sha256(payload).digest() != digest:
            return None
        try:
            code = marshal.loads(payload)  # noqa: S302 - ours by owner, mode and digest
        except (ValueError, EOFError, TypeError):
            return None
        return code if isinstance(code, CodeType) else None

    def store(self, path: str, source: bytes, code: CodeType) -> None:
        """Write ``code`` in one step; a directory that cannot be written is no cache."""
        payload = marshal.dumps(code)
        temporary = ""
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            if not _is_ours(os.stat(self.directory, follow_symlinks=False)):
                return
            descriptor, temporary = tempfile.mkstemp(dir=self.directory, prefix=".new-")
            with open(descriptor, "wb") as file:  # mkstemp makes it 0600
                file.write(hashlib.sha256(payload).digest() + payload)
            os.replace(temporary, self._file(path, source))
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)

    def _file(self, path: str, source: bytes) -> Path:
        key = hashlib.sha256(self._engine)
        key.update(os.fsencode(path) + b"\0" + source)
        return self.directory / f"{key.hexdigest()}.code"


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _engine_version() -> bytes:
    """Return what rewritten code depends on beside its source: the interpreter and us."""
    here = Path(__file__).parent
    key = hashlib.sha256(importlib.util.MAGIC_NUMBER)
    key.update(f"{sys.implementation.cache_tag}-{sys.flags.optimize}".encode())
    for file in sorted(here.rglob("*.py")):  # also the tables that decide what is rewritten
        key.update(file.read_bytes())
    return key.digest()
