"""The openai SDK as a layer: it names the operation and sees the prompt as the application made it.

Bytes and host come from the HTTP client below it (:mod:`sst_otel.sinks.httpx`), so a call to
another vendor's compatible endpoint is named ``OpenAI/Groq:responses.create``.
"""

from __future__ import annotations

from typing import Any

from sst_otel.patching import Patches
from sst_otel.shares import Part
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.wrapping import Args, Kwargs, Name, async_layer, layer

_PLACE = "sink.openai"
_METHODS = (
    ("openai.resources.responses", "Responses", "responses", ("create", "parse")),
    ("openai.resources.chat.completions", "Completions", "chat.completions", ("create", "parse")),
    ("openai.resources.beta.chat.completions", "Completions", "chat.completions", ("parse",)),
)
"""Until 1.92 ``chat.completions.parse`` stood under ``beta`` alone."""
_NOT_CONTENT = frozenset(
    {"model", "timeout", "extra_headers", "extra_query", "tools", "text_format", "response_format"}
)


def install(emit: Outgoing) -> Patches:
    """Name the calls of the openai SDK, sync and async."""
    patches = Patches(_PLACE)
    for module, owner, resource, methods in _METHODS:
        for method in methods:
            name = _named(f"{resource}.{method}")
            for path, wrapper in (
                (f"{owner}.{method}", layer(_PLACE, emit, name)),
                (f"Async{owner}.{method}", async_layer(_PLACE, emit, name)),
            ):
                patches.wrap(module, path, wrapper, optional=method == "parse")
    return patches


def _named(operation: str) -> Name:
    def name(_resource: Any, _args: Args, kwargs: Kwargs) -> Layer:
        attributes = {"gen_ai.operation.name": "chat"}
        if isinstance(kwargs.get("model"), str):
            attributes["gen_ai.request.model"] = kwargs["model"]
        parts = tuple(
            Part(argument, value)
            for argument, value in kwargs.items()
            if argument not in _NOT_CONTENT and isinstance(value, (str, list, dict))
        )
        return Layer("OpenAI", operation, parts, attributes)

    return name
