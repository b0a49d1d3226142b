"""What crosses to other services of the same owner: who it is about and which tags, by baggage."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import SpanKind

from sst_otel import semconv
from sst_otel.beside import noting
from sst_otel.guard import guard
from sst_otel.keys import Keys
from sst_otel.patching import Patches
from sst_otel.registry.datum import DERIVED, OPAQUE, STRONG_BITS, Datum, strength
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.sources.received import Headers, Received, receive_by
from sst_otel.tagging import Tagger
from sst_otel.telemetry.baggage import PREFIX, Wire, without_ours
from sst_otel.telemetry.in_play import MOST_TAGS, people_of
from sst_otel.telemetry.propagator import Fence, attach
from sst_otel.trusted import TrustedHosts

_PLACE = "telemetry.baggage"
_guarded = guard(_PLACE)
_LEAVING = frozenset({SpanKind.CLIENT, SpanKind.PRODUCER})
_NOTHING: Sequence[str] = ()
_WRITTEN = "baggage"
"""Where a scope's notes have what was made of its data."""


def install(crossing: Crossing) -> Patches:
    """Fence the global propagator, write to trusted hosts, and read what they write."""
    patches = Patches(_PLACE)
    patches.on_undo(attach(crossing.members, without_ours))
    receive_by(crossing.read)
    patches.on_undo(lambda: receive_by(None))
    patches.wrap("opentelemetry.propagate", "set_global_textmap", noting(_PLACE, _fenced))
    before = propagate.get_global_textmap()
    if not isinstance(before, Fence):
        propagate.set_global_textmap(before)
    patches.on_undo(_take_down)
    return patches


def _fenced(_none: Any, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    found = args[0] if args else kwargs.get("http_text_format")
    if found is None or isinstance(found, Fence):
        return None
    return (Fence(found),), {}


def _take_down() -> None:
    found = propagate.get_global_textmap()
    if type(found) is Fence:
        propagate.set_global_textmap(found.inner)


class Crossing:
    """What is said to trusted services, and read of what they say; ``clock``: epoch seconds."""

    def __init__(
        self,
        tagger: Tagger,
        keys: Keys,
        trusted: TrustedHosts,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tagger = tagger
        self._wire = Wire(keys, clock)
        self._trusted = trusted

    def members(self, context: Any) -> Sequence[str]:
        """Return what to say to the host that the client span of ``context`` leads to."""
        if not self._trusted:
            return _NOTHING
        with _guarded:
            scope = current_scope()
            if scope is PROCESS or not scope.data:
                return _NOTHING
            span: Any = trace.get_current_span(context)
            if getattr(span, "kind", None) not in _LEAVING or not span.is_recording():
                return _NOTHING
            if not self._trusted.trusts_any(targets_of(span.attributes or {})):
                return _NOTHING
            return self._of(scope, format(span.get_span_context().trace_id, "032x"))
        return _NOTHING

    def told(self, trace_id: str) -> Sequence[str]:
        """Return what to say to a trusted host in a trace (id in hex), mostly nothing."""
        scope = current_scope()
        return _NOTHING if scope is PROCESS or not scope.data else self._of(scope, trace_id)

    def read(self, header: str, traceparent: str, headers: Headers) -> Received | None:
        """Return what a trusted service has said; None for anybody else's word."""
        if PREFIX not in header:
            return None
        told = self._wire.read(header, traceparent or _parent_of(headers()))
        return None if told is None else Received(told.owner_ref, told.prints, self._print)

    def _print(self, data_type: str, value: Any) -> str:
        return self._wire.fingerprint(data_type, value)

    def _of(self, scope: Scope, trace_id: str) -> Sequence[str]:
        held, size = scope.data, len(scope.data)
        known = scope.state.get(_WRITTEN)
        owner_ref, data = people_of(scope)
        if known is None or known[0] is not held or known[1:3] != (size, owner_ref):
            tags = [self._said(datum) for datum in _both_ends(scope, data)]
            known = scope.state[_WRITTEN] = (held, size, owner_ref, tags)
        return self._wire.write(trace_id, owner_ref, known[3])

    def _said(self, datum: Datum) -> tuple[str, str, str]:
        tag = self._tagger.tag(datum)
        hidden = datum.handling == OPAQUE or tag.data_type == DERIVED
        told = not hidden and strength(datum) >= STRONG_BITS
        digest = self._wire.fingerprint(tag.data_type, datum.value) if told else ""
        return tag.tag_id, tag.data_type, digest


class _AsWsgi(Getter[Mapping[str, Any]]):
    """Reads headers that are named as WSGI has them."""

    def get(self, carrier: Mapping[str, Any], key: str) -> list[str] | None:
        found = carrier.get("HTTP_" + key.upper().replace("-", "_"))
        return [found] if type(found) is str else None

    def keys(self, carrier: Mapping[str, Any]) -> list[str]:
        names = (name for name in carrier if name.startswith("HTTP_"))
        return [name[5:].replace("_", "-").lower() for name in names]


_as_wsgi = _AsWsgi()


def _parent_of(headers: Mapping[str, Any]) -> str:
    """Return the ``traceparent`` of a trace that the propagators read in a format of their own."""
    found = propagate.extract(headers, Context(), _as_wsgi)
    caller = trace.get_current_span(found).get_span_context()
    return f"00-{caller.trace_id:032x}-{caller.span_id:016x}-01" if caller.is_valid else ""


def _both_ends(scope: Scope, first: tuple[Datum, ...]) -> tuple[Datum, ...]:
    """Return the ``first`` data of a scope and the latest: what is sent on is often of these."""
    latest = tuple(islice(reversed(scope.data), MOST_TAGS))
    return tuple(dict.fromkeys((*first, *latest)))


def targets_of(attributes: Any) -> Sequence[tuple[str, int | None]]:
    """Return host and port that a client span leads to, and the name of a queue; mostly one."""
    url = attributes.get("url.full") or attributes.get("http.url")
    if type(url) is str:
        parts = urlsplit(url)
        return ((parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)),)
    found: list[tuple[str, int | None]] = []
    addresses = ((semconv.SERVER_ADDRESS, semconv.SERVER_PORT), ("net.peer.name", "net.peer.port"))
    for name, port in addresses:
        if type(attributes.get(name)) is str:
            found.append((attributes[name], attributes.get(port)))
            break
    queue = attributes.get("messaging.destination.name") or attributes.get("messaging.destination")
    if type(queue) is str:
        found.append((queue.rpartition(":")[2] if queue.startswith("arn:") else queue, None))
    return found
