"""Changes to a store's tables that no part of ours makes: damage, and older versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Connection

from sst_otel.audit.store import Store


@contextmanager
def by_hand(store: Store) -> Iterator[Connection]:
    """Begin a transaction that may do anything; undone unless it is committed."""
    with store._database._connected() as connection:
        store._database._begin(connection, write=False, alone=False)
        yield connection
