"""Which connection of asyncpg a protocol object speaks for: sink and source both stand there."""

from __future__ import annotations

import gc
import weakref
from typing import Any


def connection_of(protocol: Any) -> Any:
    """Return the connection that speaks by ``protocol``, None for one that is being made.

    It keeps a weak reference to it which only the garbage collector shows.
    """
    for held in gc.get_referents(protocol):
        if isinstance(held, weakref.ref):
            connection = held()
            if getattr(connection, "_protocol", None) is protocol:
                return connection
    return None
