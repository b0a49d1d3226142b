"""The layers of one call: an SDK method, the HTTP client under it, its transport.

Outer layers know the operation and the objects, the innermost one knows the host and the bytes. The
innermost reports, once; retries and same-host redirects of one outermost call are one event.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from opentelemetry import trace
from opentelemetry.trace import SpanKind

from sst_otel import semconv
from sst_otel.shares import Part

MAX_PEOPLE = 5_000
"""People whose reports are remembered: a stream, or a file, may stay open for days."""


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
    begun: Any = None
    """The span that an instrumentation has begun for the call, current or not."""
    reported: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """(owner_ref, host) → tag ids: what the call of the outermost layer has reported."""
    again: dict[str, int] = field(default_factory=dict)
    """owner_ref → how often the same was found anew and not reported."""
    before: Mapping[str, int] = field(default_factory=dict)
    """The same of the layer that this one follows: told with the next event."""
    entered: int = 0
    """How often it is open now. Tasks and threads begun inside inherit it, and see it closed."""

    def __repr__(self) -> str:
        return f"<Layer {self.operation or 'http'}>"  # parts hold values, error trackers print us

    def with_parts(self, parts: tuple[Part, ...]) -> Layer:
        """Return a layer of other objects that remembers together with this one."""
        return Layer(parts=parts, reported=self.reported, again=self.again, before=self.before)

    def is_news(self, owner_ref: str, host: str, tags: set[str]) -> bool:
        """Note that these tag ids go to ``host``; False where all have been reported, or none are.

        Beyond 5,000 people everything is forgotten, and reported anew.
        """
        known = self.reported.get((owner_ref, host), set())
        if tags <= known:
            if tags:
                self.again[owner_ref] = self.again.get(owner_ref, 0) + 1
            return False
        if not known and len(self.reported) >= MAX_PEOPLE:
            self.reported.clear()
            self.again.clear()
        self.reported[owner_ref, host] = known | tags
        return True

    @property
    def is_of_a_model(self) -> bool:
        """Whether it is a call to a language model."""
        return bool(self.operation) or semconv.GEN_AI_OPERATION in self.attributes

    def chain(self) -> list[Layer]:
        """Return the layers from the outermost to this one."""
        layers = [self]
        while layers[-1].parent is not None:
            layers.append(layers[-1].parent)
        return layers[::-1]


class Entered(NamedTuple):
    """A layer, and what takes it out of the context again."""

    layer: Layer
    token: Token[Layer | None]


_OPENINFERENCE = frozenset({"LLM", "EMBEDDING", "RERANKER"})
"""Values of ``openinference.span.kind`` that are calls to a model."""

_begun: ContextVar[Any] = ContextVar("sst_llm_span", default=None)
"""The span of a model's call that is still to come."""
_current: ContextVar[Layer | None] = ContextVar("sst_layer", default=None)


def current_layer() -> Layer | None:
    """Return the innermost open layer of this context."""
    layer = _current.get()
    while layer is not None and not layer.entered:
        layer = layer.parent
    return layer


def is_of_a_model(span: Any) -> bool:
    """Whether a span is one for a call to a language model.

    OpenTelemetry's conventions have a client's span with ``gen_ai.*``; OpenInference's are internal
    ones of a kind of their own.
    """
    kind = getattr(span, "kind", None)
    if kind not in (SpanKind.CLIENT, SpanKind.INTERNAL) or not span.is_recording():
        return False
    named = getattr(span, "attributes", None) or {}
    until_the_end = getattr(span, "_self_important_attributes", named)  # OpenInference's own spans
    for attributes in (named, until_the_end):
        if attributes.get("openinference.span.kind") in _OPENINFERENCE:
            return True
    return kind == SpanKind.CLIENT and any(name.startswith("gen_ai.") for name in named)


def note_span(span: Any) -> None:
    """Keep a span for a call to a model: of the call that is open, or of the next one."""
    layer = current_layer()
    if layer is not None and layer.is_of_a_model:
        layer.begun = span
    else:
        _begun.set(span)


def operation_span(chain: list[Layer]) -> Any:
    """Return the span that an instrumentation of the LLM SDK made for the call, or None.

    The HTTP client's span below it knows the bytes, but this one is where people look. A function
    that the application has inside such a span makes calls of its own.
    """
    if not any(layer.is_of_a_model for layer in chain):
        return None
    for layer in reversed(chain):
        for span in (layer.span, layer.begun):
            if is_of_a_model(span):
                return span
    return None


def enter_layer(layer: Layer) -> Entered:
    """Open ``layer`` inside the current one; hand the result to :func:`leave_layer`."""
    layer.parent = current_layer()
    layer.span = trace.get_current_span()
    if layer.is_of_a_model and (begun := _begun.get()) is not None:
        layer.begun = begun
        _begun.set(None)
    return enter_alone(layer)


def enter_alone(layer: Layer) -> Entered:
    """Open ``layer`` as the outermost one: a file is written inside a call, but is no part of it.

    One layer may be entered any number of times: what it has reported is not reported again.
    """
    layer.entered += 1
    return Entered(layer, _current.set(layer))


def leave_layer(entered: Entered) -> None:
    """Close the layer that was entered."""
    layer, token = entered
    layer.entered -= 1
    with suppress(ValueError):  # an abandoned coroutine is closed from another context
        _current.reset(token)
