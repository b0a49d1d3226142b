"""The layers of one call: an SDK method, the HTTP client under it, its transport.

Outer layers know the operation and the objects, the innermost one knows the host and the bytes. The
innermost reports, once; retries and same-host redirects of one outermost call are one event.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import SpanKind

from sst_otel.shares import Part


@dataclass(slots=True)
class Layer:
    """One open call of an outer layer."""

    sdk: str = ""
    """``OpenAI``; empty for plain HTTP clients."""
    operation: str = ""
    """``responses.create``; empty for plain HTTP clients."""
    parts: tuple[Part, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    parent: Layer | None = None
    span: Any = None
    """The span that was current when the layer was opened."""
    reported: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """(owner_ref, host) → tag ids: what the call of the outermost layer has reported."""
    again: dict[str, int] = field(default_factory=dict)
    """owner_ref → how often the same was found anew and not reported."""
    before: Mapping[str, int] = field(default_factory=dict)
    """The same of the layer that this one follows: told with the next event."""

    def __repr__(self) -> str:
        return f"<Layer {self.operation or 'http'}>"  # parts hold values, error trackers print us

    def with_parts(self, parts: tuple[Part, ...]) -> Layer:
        """Return a layer of other objects that remembers together with this one."""
        return Layer(parts=parts, reported=self.reported, again=self.again, before=self.before)

    @property
    def root(self) -> Layer:
        """Return the outermost layer of the call."""
        layer = self
        while layer.parent is not None:
            layer = layer.parent
        return layer

    def chain(self) -> list[Layer]:
        """Return the layers from the outermost to this one."""
        layers = [self]
        while layers[-1].parent is not None:
            layers.append(layers[-1].parent)
        return layers[::-1]


_current: ContextVar[Layer | None] = ContextVar("sst_layer", default=None)


def current_layer() -> Layer | None:
    """Return the innermost open layer of this context."""
    return _current.get()


def operation_span(chain: list[Layer]) -> Any:
    """Return the client span that an instrumentation of the LLM SDK made for the call, or None.

    The HTTP client's span below it knows the bytes, but this one is where people look.
    """
    for layer in reversed(chain):
        span = layer.span
        if getattr(span, "kind", None) == SpanKind.CLIENT and span.is_recording():
            named = getattr(span, "attributes", None) or {}
            if any(name.startswith("gen_ai.") for name in named):
                return span
    return None


def enter_layer(layer: Layer) -> Token[Layer | None]:
    """Open ``layer`` inside the current one; hand the token to :func:`leave_layer`."""
    layer.parent = _current.get()
    layer.span = trace.get_current_span()
    return _current.set(layer)


def enter_alone(layer: Layer) -> Token[Layer | None]:
    """Open ``layer`` as the outermost one: a file is written inside a call, but is no part of it.

    One layer may be entered any number of times: what it has reported is not reported again.
    """
    return _current.set(layer)


def leave_layer(token: Token[Layer | None]) -> None:
    """Close the layer that the token stands for."""
    with suppress(ValueError):  # an abandoned coroutine is closed from another context
        _current.reset(token)
