"""Somebody with the installation's key, the store and the journals, who looks for a person."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from sst_otel.audit import models, views
from sst_otel.audit.store import Store
from sst_otel.datatypes.taxonomy import default_taxonomy
from sst_otel.tags import Minter
from tests.audit.helpers import KEYS

_TYPES = (*default_taxonomy().types, "derived")
_WORD = re.compile(rb"[A-Za-z0-9_+/=-]{8,}")


def everything(store: Store, *folders: Path) -> bytes:
    """Return all rows of all tables and views, and all files, as one heap of bytes."""
    heap = []
    store.upgrade()
    with store.reading() as connection:
        for row in _rows(connection):
            heap += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    heap += [path.read_bytes() for path in files]
    return b"\n".join(heap)


def found(heap: bytes, owner_id: str, refs: Iterable[str], values: Iterable[str]) -> list[str]:
    """Return what leads to the person: known or recomputed pseudonyms, tag ids, sealed ids.

    ``refs``: pseudonyms that somebody kept, say from a trace; ``values``: guesses at their data.
    """
    minter = Minter(KEYS.secret)
    owners = {minter.owner(owner_id).ref, *refs}
    names = set(owners)
    for ref, data_type, value in itertools.product(owners, _TYPES, values):
        names.add(minter.tag_id(ref, data_type, value))
    names.add(KEYS.seal(owner_id))
    hits = [name for name in sorted(names) if name.encode() in heap]
    words = {word.decode() for word in _WORD.findall(heap)}
    return hits + [f"unsealed {word}" for word in sorted(words) if _opened(word) == owner_id]


def _opened(word: str) -> str | None:
    try:
        base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
    except ValueError:
        return None
    return KEYS.unseal(word)


def _rows(connection: Connection) -> Iterator[Any]:
    for table in models.Base.metadata.sorted_tables:
        yield from connection.execute(select(table))
    for view in (*views.NAMES, "audit_flow"):
        yield from connection.execute(text(f"SELECT * FROM {view}"))
