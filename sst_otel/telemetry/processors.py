"""Processors that put what is in play on spans and log records as they begin.

Written on no class of the SDK, which may be absent or replaced; providers take whatever has the
methods. They only read what this thread's scope knows: no lock, no thread, no queue, so that a
fork or a reloader finds nothing to repair. Nothing is exported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import SpanKind

from sst_otel.guard import guard
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.telemetry.in_play import InPlay

_PLACE = "telemetry.processor"
_guarded = guard(_PLACE)
_ENTRY = "entry_span"
"""Where a scope's notes have the span of the request or message that it serves."""
_ENTRIES = frozenset({SpanKind.SERVER, SpanKind.CONSUMER})


class SpanStamp:
    """Stamps spans that start within a scope; the span of the request itself also later on.

    One per process, whatever the number of providers; without ``in_play`` it does nothing.
    """

    def __init__(self) -> None:
        self.in_play: InPlay | None = None
        """Set while tracking is on."""

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Stamp a span that has just started."""
        in_play = self.in_play
        if in_play is None:
            return
        scope = current_scope()
        if scope is PROCESS or (not scope.data and _ENTRY in scope.state):
            return
        with _guarded:
            if _ENTRY not in scope.state:
                found = _entry(span, parent_context)
                if found is not None:
                    scope.state[_ENTRY] = found
                    if scope.data:
                        self._stamp_entry(in_play, found, scope)
            if scope.data:
                span.set_attributes(in_play.attributes(scope))

    def first(self, scope: Scope) -> None:
        """Stamp the span of the request that ``scope`` serves, now and when either ends.

        Called when the first datum is known; by then it usually runs already.
        """
        in_play = self.in_play
        if in_play is None:
            return
        with _guarded:
            span = scope.state.get(_ENTRY)
            if span is None and current_scope() is scope:
                span = _entry(trace.get_current_span(), None)
            if span is not None:
                scope.state[_ENTRY] = span
                self._stamp_entry(in_play, span, scope)

    def _stamp_entry(self, in_play: InPlay, span: Any, scope: Scope) -> None:
        """Stamp ``span`` with what is known, and with all of it before it ends.

        Its processors are told of the end when nothing can be set any more
        (https://github.com/open-telemetry/opentelemetry-python/issues/5614).
        """
        own = getattr(span, "__dict__", {})
        if "end" in own or not span.is_recording():
            return  # of several scopes in one request the first has it

        last: Mapping[str, Any] | None = None

        def complete() -> None:
            nonlocal last
            with _guarded:
                if self.in_play is in_play and scope.data and span.is_recording():
                    attributes = in_play.attributes(scope)
                    if attributes is not last:
                        last = attributes
                        span.set_attributes(attributes)

        def settle() -> None:
            with _guarded:
                if scope.on_end is complete and current_scope() is scope:
                    in_play.settle(scope)

        end = span.end

        def ending(*args: Any, **kwargs: Any) -> Any:
            own.pop("end", None)
            settle()
            complete()
            return end(*args, **kwargs)

        own["end"] = ending
        scope.on_end = complete
        complete()

    def on_end(self, span: Any) -> None:
        """Do nothing: nothing can be set any more."""

    def _on_ending(self, span: Any) -> None:
        """Do nothing; newer SDKs call it."""

    def shutdown(self) -> None:
        """Do nothing: nothing is held."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return that nothing is waiting."""
        del timeout_millis
        return True


def _entry(span: Any, parent_context: Any) -> Any:
    """Return the span of the request: this one or its parent; None where neither is."""
    if getattr(span, "kind", None) in _ENTRIES:
        return span
    parent = trace.get_current_span(parent_context)
    return parent if getattr(parent, "kind", None) in _ENTRIES else None


class LogStamp:
    """Stamps log records that are emitted within a scope; as :class:`SpanStamp` otherwise."""

    def __init__(self) -> None:
        self.in_play: InPlay | None = None
        """Set while tracking is on."""

    def on_emit(self, log_record: Any) -> None:
        """Stamp a record; the SDK hands it over in a wrapper of its own."""
        in_play = self.in_play
        if in_play is None:
            return
        with _guarded:
            scope = current_scope()
            if scope is PROCESS or not scope.data:
                return
            record = getattr(log_record, "log_record", log_record)
            if (getattr(record, "event_name", None) or "").startswith("sst."):
                return  # it says itself what of whom it is about
            _add(record, in_play.attributes(scope))

    emit: Callable[[LogStamp, Any], None] = on_emit
    """What SDKs before 1.35 call."""

    def enabled(self, **_: Any) -> bool:
        """Return that this processor alone needs no record to be made."""
        return False

    def shutdown(self) -> None:
        """Do nothing: nothing is held."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return that nothing is waiting."""
        del timeout_millis
        return True


def _add(record: Any, attributes: Mapping[str, Any]) -> None:
    held = record.attributes
    if held is None:
        record.attributes = dict(attributes)
        return
    for name, value in attributes.items():
        if name not in held:  # the application's own word counts
            held[name] = value


SPANS = SpanStamp()
LOGS = LogStamp()
"""One of each in a process: what a provider has been given cannot be taken back."""
