"""When a worker is done with what it has taken from a queue: when it waits there for the next.

One that only looks whether there is more may be gathering items that it sends together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def waits_briefly(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether a call of ``get(block=True, timeout=None)`` comes back without an item in time."""
    block = args[0] if args else kwargs.get("block", True)
    timeout = args[1] if len(args) > 1 else kwargs.get("timeout")
    return not block or timeout is not None
