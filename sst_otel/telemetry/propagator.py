"""A fence around other propagators: ``sst.*`` baggage leaves for trusted hosts only.

A leaf: ``opentelemetry-instrument`` loads propagators before everything else, in its launcher too,
and whatever imports ``opentelemetry.instrumentation`` there ends it. What is written is told by
:func:`attach`; until then, and where tracking is off, nothing of ours goes out either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import (
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)

_HEADER = "baggage"
_PREFIX = "sst."
_MOST_BYTES = 8_192
_MOST_MEMBERS = 180
"""Of a whole header (https://www.w3.org/TR/baggage/#limits)."""
_MOST_ATTRIBUTES = 10
"""Of one message of SQS or SNS."""

Members = Callable[["Context | None"], Sequence[str]]
"""``members(context)`` → what is to be said to the host of its client span, mostly nothing."""
Without = Callable[[str], str]
"""``without(header)`` → the header without members of ours."""

_told: tuple[Members, Without] | None = None


def attach(members: Members, without: Without) -> Callable[[], None]:
    """Have all fences write ``members`` and drop what is not to go; returns what ends that."""
    global _told
    told = _told = (members, without)

    def detach() -> None:
        global _told
        if _told is told:
            _told = None

    return detach


class _Held(Setter[Any]):
    """Passes everything on but the ``baggage`` header."""

    def __init__(self, setter: Setter[Any], without: Without) -> None:
        self._setter = setter
        self._without = without
        self._key = _HEADER
        self._value = ""
        self.carries = False
        """Whether there is anything else: the trace, without which nobody could believe us."""

    def set(self, carrier: Any, key: str, value: str) -> None:
        if key.lower() == _HEADER:
            self._key, self._value = key, self._without(value)
        else:
            self.carries = True
            self._setter.set(carrier, key, value)

    def release(self, carrier: Any, members: Sequence[str]) -> None:
        """Set the header of everybody's entries, with ours where there is room for them."""
        both = self._value if members and _is_full(carrier) else joined(self._value, members)
        if both:
            self._setter.set(carrier, self._key, both)


def joined(header: str, members: Sequence[str]) -> str:
    """Return a ``baggage`` header with ``members`` behind; as it is where they find no room."""
    both = ",".join((header, *members) if header else members)
    return header if len(both) > _MOST_BYTES or both.count(",") >= _MOST_MEMBERS else both


def _is_full(carrier: Any) -> bool:
    """Whether these are attributes of an SQS or SNS message, and one more would have it refused.

    Who injects has counted what the propagator sets, and our header may be none of that.
    """
    return (
        type(carrier) is dict
        and len(carrier) >= _MOST_ATTRIBUTES
        and all(type(one) is dict and "DataType" in one for one in carrier.values())
    )


class Fence(TextMapPropagator):
    """Another propagator, fenced. Other people's baggage passes as it is.

    Of ours nothing is written where it writes no trace (``OTEL_PROPAGATORS=none``, ``baggage``).
    """

    _with_a_trace = True

    def __init__(self, inner: TextMapPropagator) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        if name == "inner":  # of a copy that is being made
            raise AttributeError(name)
        return getattr(self.inner, name)

    def extract(
        self,
        carrier: Any,
        context: Context | None = None,
        getter: Getter[Any] = default_getter,
    ) -> Context:
        """Return the context of ``carrier``, without ``sst.*`` baggage: it is not the caller's.

        Never None, which a composite of nothing (``OTEL_PROPAGATORS=none``) returns and the
        instrumentations of servers fail on (1.45). What a trusted service says is read where the
        request comes in, from its headers.
        """
        found: Context | None = self.inner.extract(carrier, context, getter=getter)
        if found is None:
            found = Context() if context is None else context
        if not found:
            return found
        for name in baggage.get_all(found):
            if name.lower().startswith(_PREFIX):
                found = baggage.remove_baggage(name, found)
        return found

    def inject(
        self,
        carrier: Any,
        context: Context | None = None,
        setter: Setter[Any] = default_setter,
    ) -> None:
        """Write to ``carrier``; ours only where the current client span leads to a trusted host."""
        told = _told
        if told is None or type(setter) is _Held:  # off, or a fence around this one does it
            self.inner.inject(carrier, context, setter=setter)
            return
        members, without = told
        held = _Held(setter, without)
        self.inner.inject(carrier, context, setter=held)
        told_now = members(context) if held.carries or not self._with_a_trace else ()
        held.release(carrier, told_now)

    @property
    def fields(self) -> set[str]:
        """What the other one sets: ours is in no header of its own."""
        return self.inner.fields


class SstPropagator(Fence):
    """The entry point ``sst``: stands in the place of ``baggage`` in ``OTEL_PROPAGATORS``.

    The trace is written by another one, before it or after.
    """

    _with_a_trace = False

    def __init__(self) -> None:
        super().__init__(W3CBaggagePropagator())
