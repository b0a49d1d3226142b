"""Headers of batches: what is hashed, chained and signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256  # taken before it is hooked
from typing import Any

from sst_otel.audit import models
from sst_otel.audit.columns import microseconds

GENESIS = "0" * 64
"""``previous`` of the first batch."""
VERSION = 1
ORIGIN = "sst-otel audit log\n"
"""First line of a checkpoint."""
_TIMES = frozenset({"sealed_at", "newest"})
_UNHASHED = frozenset({"hash", "signature"})
COLUMNS = tuple(column.name for column in models.SealBatch.__table__.columns)


@dataclass(frozen=True, slots=True)
class Header:
    """A row of ``seal_batches``; times are whole microseconds since 1970."""

    seq: int
    sealed_at: int
    first_block: int | None
    last_block: int | None
    leaves: int
    lasting: int
    newest: int | None
    root: str
    previous: str
    hash: str
    key_id: str
    signature: str

    def computed(self) -> str:
        """Return what ``hash`` has to be: SHA-256, in hex, of the other columns as JSON."""
        hashed = {name: getattr(self, name) for name in COLUMNS if name not in _UNHASHED}
        text = json.dumps({"v": VERSION, **hashed}, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()

    def signed(self) -> bytes:
        """Return what the signature is of: the text of the checkpoint that this batch makes."""
        return checkpoint_text(self.seq, self.hash)

    def raw_signature(self) -> bytes:
        """Return the signature's bytes; none where it is no base64."""
        try:
            return base64.b64decode(self.signature, validate=True)
        except ValueError:
            return b""


def checkpoint_text(seq: int, digest: str) -> bytes:
    """Return origin, number of batches and the last one's hash, a line each.

    ``digest``: in hex. The form is https://c2sp.org/tlog-checkpoint.
    """
    return (
        f"sst-otel audit log\n{seq}\n{base64.b64encode(bytes.fromhex(digest)).decode()}\n".encode()
    )


def header_of(row: Mapping[str, Any]) -> Header:
    """Return the header in a row of ``seal_batches``."""
    values: dict[str, Any] = {
        name: microseconds(row[name]) if name in _TIMES and row[name] is not None else row[name]
        for name in COLUMNS
    }
    return Header(**values)


def row_of(header: Header) -> dict[str, Any]:
    """Return a header as a row of ``seal_batches``."""
    values = {name: getattr(header, name) for name in COLUMNS}
    return {
        name: value / 1e6 if name in _TIMES and value is not None else value
        for name, value in values.items()
    }
