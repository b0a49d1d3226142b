"""Where channels of grpcio lead: what the application has asked for, in each version.

A synchronous call keeps it from 1.62 on, or its channel tells. What a call of ``grpc.aio`` keeps of
its channel tells it in the newest versions only, so it is noted when a channel is made.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from sst_otel.sinks.wrapping import Args, Kwargs

_targets: dict[int, tuple[weakref.ref[Any], Any]] = {}
"""``id`` of the inner channel → the outer one, which holds it, and what it leads to."""


def opened(channel: Any, _result: Any, args: Args, kwargs: Kwargs) -> None:
    """Note where a new channel of ``grpc.aio`` leads."""
    key = id(channel._channel)
    outer = weakref.ref(channel, _forgetting(key))
    _targets[key] = (outer, args[0] if args else kwargs["target"])


def _forgetting(key: int) -> Callable[[Any], None]:
    def forget(outer: Any) -> None:
        known = _targets.get(key)
        if known is not None and known[0] is outer:
            del _targets[key]

    return forget


def target_of(channel: Any) -> str:
    """Return where the inner channel of ``grpc.aio`` leads; ``""`` for one made before tracking."""
    known = _targets.get(id(channel))
    if known is not None:
        return _text(known[1])
    target = getattr(channel, "target", "")
    return _text(target() if callable(target) else target)


def target_of_call(callable_: Any) -> str:
    """Return where a synchronous call leads."""
    return _text(getattr(callable_, "_target", None) or callable_._channel.target())


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
