"""SDKs of language models as layers: they name the operation and see the prompt as it was made.

Bytes and host come from the HTTP client below (:mod:`sst_otel.sinks.httpx` and its like), so a call
to another vendor's compatible endpoint is named ``OpenAI/Groq:responses.create``. Which methods of
which SDK: :mod:`sst_otel.sinks.llm_sdks`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from sst_otel import semconv
from sst_otel.beside import watching
from sst_otel.patching import Patches, Wrapper, named_arguments
from sst_otel.shares import Part
from sst_otel.sinks.deferred import Open, deferred_layer, manager_layer, manager_made
from sst_otel.sinks.layers import Layer, current_layer, is_of_a_model, note_span
from sst_otel.sinks.litellm import vendor_of
from sst_otel.sinks.llm_rows import PLATFORMS, Resource, Sdk
from sst_otel.sinks.llm_sdks import SDKS
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.trees import plain
from sst_otel.sinks.wrapping import Args, Kwargs

_PLACE = "sink.llm"
_NOT_CONTENT = frozenset({"model", "timeout", "url", "headers"})
"""Arguments that name where a call goes; the last two the client below tells better."""
_LONGEST_MODEL = 200
_ASYNC = "_async"
_PROVIDER = semconv.GEN_AI_PROVIDER


def install(emit: Outgoing) -> Patches:
    """Name the calls of all SDKs of the table, sync, async and streaming."""
    patches = Patches(_PLACE)
    for sdk in SDKS:
        for resource in sdk.resources:
            patches.when_imported(resource.module, _hook(patches, emit, sdk, resource))
        for module, owner in dict.fromkeys((module, owner) for module, owner, _ in sdk.managers):
            patches.wrap(module, f"{owner}.__init__", manager_made(_PLACE), optional=True)
        for module, owner, method in sdk.managers:
            patches.wrap(module, f"{owner}.{method}", manager_layer(_PLACE), optional=True)
        for module, path in sdk.attempts:
            patches.wrap(module, path, deferred_layer(_PLACE, _attempts(emit)), optional=True)
    patches.wrap(
        "opentelemetry.sdk.trace", "Tracer.start_span", watching(_PLACE, _begun, emit.idle)
    )
    return patches


def _begun(_tracer: Any, span: Any, _args: Args, _kwargs: Kwargs) -> None:
    """Note a span that an SDK's instrumentation begins: some never make it the current one."""
    if is_of_a_model(span):
        note_span(span)


def _hook(
    patches: Patches, emit: Outgoing, sdk: Sdk, resource: Resource
) -> Callable[[ModuleType], None]:
    def wrapper_of(method: str) -> Wrapper:
        operation = resource.prefix + method.removeprefix("_").removesuffix(_ASYNC)
        return deferred_layer(_PLACE, _opens(emit, sdk, resource, operation))

    def hook(module: ModuleType) -> None:
        if not resource.owner:
            for method in resource.methods:
                for name in (method.removeprefix("_"), f"a{method}"):
                    patches.wrap(module.__name__, name, wrapper_of(method), optional=True)
            return
        for owner in (resource.owner, f"Async{resource.owner}"):
            kind = vars(module).get(owner)
            if kind is None or kind.__module__ != module.__name__:
                continue  # where another version has it, or handed on by a package
            for method in resource.methods:
                for name in (method, method + _ASYNC):
                    path = f"{owner}.{name}"
                    patches.wrap(module.__name__, path, wrapper_of(name), optional=True)

    return hook


def _opens(emit: Outgoing, sdk: Sdk, resource: Resource, operation: str) -> Open:
    def open_layer(
        wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs
    ) -> Layer | None:
        if emit.idle():
            return None
        around = current_layer()
        if around is not None and (around.sdk, around.operation) == (sdk.name, operation):
            return None  # a function of the module that is the method of a client
        given = named_arguments(_parameters(wrapped), args, kwargs)
        attributes = {}
        provider = _provider(sdk, instance, given)
        if provider and not _is_named(around):
            attributes[_PROVIDER] = provider
        if resource.operation:
            attributes[semconv.GEN_AI_OPERATION] = resource.operation
        model = _model(given, instance)
        if model:
            attributes[semconv.GEN_AI_MODEL] = model
        trees = [(name, plain(value)) for name, value in given.items() if name not in _NOT_CONTENT]
        kinds = (str, bytes, list, tuple, dict)
        parts = tuple(Part(name, tree) for name, tree in trees if type(tree) in kinds)
        return Layer(sdk.name, operation, parts, attributes)

    return open_layer


def _attempts(emit: Outgoing) -> Open:
    """Return what makes several tries of one call one, whatever they are named."""

    def open_layer(*_: Any) -> Layer | None:
        return None if emit.idle() else Layer()

    return open_layer


def _parameters(wrapped: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a method's positional parameters, without ``self``."""
    bound = getattr(wrapped, "__self__", None) is not None
    code = inspect.unwrap(getattr(wrapped, "__func__", wrapped)).__code__
    return tuple(code.co_varnames[bound : code.co_argcount])


def _model(given: dict[str, Any], instance: Any) -> str:
    """Return the model asked for; nothing for an address of one, which may hold anything."""
    for model in (given.get("model"), getattr(instance, "model", None)):
        if type(model) is str:
            odd = len(model) > _LONGEST_MODEL or "//" in model or "@" in model
            return "" if odd else model
    return ""


def _is_named(around: Layer | None) -> bool:
    """Whether a layer around says whose model it is: its SDK is used for others', too."""
    return around is not None and any(_PROVIDER in one.attributes for one in around.chain())


def _provider(sdk: Sdk, instance: Any, given: dict[str, Any]) -> str:
    """Return ``gen_ai.provider.name`` as the conventions have it, by the client's class."""
    if not sdk.provider:
        return vendor_of(given)
    if getattr(getattr(instance, "_api_client", None), "vertexai", None) is True:
        return PLATFORMS["Vertex"]
    kinds = (type(instance).__name__, type(getattr(instance, "_client", None)).__name__)
    for word, provider in PLATFORMS.items():
        if any(word in kind for kind in kinds):
            return provider
    return sdk.provider
