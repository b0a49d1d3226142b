"""Checkpoints: signed notes of where the chain of batches ends, for a place outside the database.

A note (https://c2sp.org/signed-note) is three lines of text, an empty one and one with the
signature. The anchor is a file that such notes are appended to, with an empty line between them.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sst_otel.audit.seals.headers import ORIGIN, Header
from sst_otel.audit.seals.signing import NAME, Verifier

_SIGNED = "\u2014 "
_LINES = 5
_ID, _SIGNATURE = 4, 64
"""Bytes of a key's id, and of the signature behind it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A note, read; not verified yet."""

    seq: int
    hash: str
    """Of batch ``seq``, in hex."""
    key_id: str
    signature: bytes
    text: bytes
    """What was signed."""

    def holds(self, verifier: Verifier) -> bool:
        """Whether one of these keys signed it."""
        return verifier.verify(self.key_id, self.signature, self.text)


def note_of(header: Header) -> str:
    """Return the note of the log up to this batch."""
    signature = bytes.fromhex(header.key_id) + header.raw_signature()
    encoded = base64.b64encode(signature).decode()
    return f"{header.signed().decode()}\n{_SIGNED}{NAME} {encoded}\n"


def append(path: Path, header: Header) -> None:
    """Append a note to the anchor, and wait until the disk has it; raises ``OSError``."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, f"\n{note_of(header)}".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checkpoints(path: Path) -> Iterator[Checkpoint]:
    """Yield the notes of an anchor; raises ``ValueError`` for a note that is none, ``OSError``.

    One that was not written to its end, for want of room on the disk, is left out.
    """
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        lines: list[str] = []
        for line in file:
            if line == ORIGIN:
                lines = []
            lines.append(line)
            if len(lines) == _LINES and lines[0] == ORIGIN and line.endswith("\n"):
                signature = _signature(line)
                if signature:
                    yield _read(lines, signature, path)


def _signature(line: str) -> bytes:
    """Return a key's id and the signature; nothing where the line was cut off."""
    try:
        mark, name, encoded = line.split()
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        return b""
    return raw if (mark, name, len(raw)) == (_SIGNED.strip(), NAME, _ID + _SIGNATURE) else b""


def _read(lines: list[str], signature: bytes, path: Path) -> Checkpoint:
    origin, seq, digest, empty, _ = lines
    text = f"{origin}{seq}{digest}".encode()
    try:
        if empty != "\n":
            raise ValueError
        head = base64.b64decode(digest.strip(), validate=True).hex()
        return Checkpoint(int(seq), head, signature[:_ID].hex(), signature[_ID:], text)
    except ValueError:
        raise ValueError(f"{path}: not an anchor of `sst-otel seal`") from None
