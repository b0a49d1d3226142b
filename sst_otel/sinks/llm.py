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

from sst_otel.patching import Patches, Wrapper
from sst_otel.shares import Part
from sst_otel.sinks.deferred import Open, deferred_layer, manager_layer
from sst_otel.sinks.layers import Layer, current_layer
from sst_otel.sinks.llm_sdks import PLATFORMS, SDKS, Resource, Sdk
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.trees import plain
from sst_otel.sinks.wrapping import Args, Kwargs

_PLACE = "sink.llm"
_NOT_CONTENT = frozenset({"model", "timeout", "url", "headers"})
"""Arguments that name where a call goes; the last two the client below tells better."""
_LONGEST_MODEL = 200
_ASYNC = "_async"


def install(emit: Outgoing) -> Patches:
    """Name the calls of all SDKs of the table, sync, async and streaming."""
    patches = Patches(_PLACE)
    for sdk in SDKS:
        managers = frozenset(owner for _, owner in sdk.managers)
        for resource in sdk.resources:
            patches.when_imported(resource.module, _hook(patches, emit, sdk, resource, managers))
        for module, owner in sdk.managers:
            enter = "__aenter__" if "Async" in owner else "__enter__"
            patches.wrap(module, f"{owner}.{enter}", manager_layer(_PLACE), optional=True)
    return patches


def _hook(
    patches: Patches, emit: Outgoing, sdk: Sdk, resource: Resource, managers: frozenset[str]
) -> Callable[[ModuleType], None]:
    def wrapper_of(method: str) -> Wrapper:
        operation = resource.prefix + method.removeprefix("_").removesuffix(_ASYNC)
        return deferred_layer(_PLACE, _opens(emit, sdk, resource, operation), managers)

    def hook(module: ModuleType) -> None:
        if not resource.owner:
            for method in resource.methods:
                patches.wrap(module.__name__, method, wrapper_of(method), optional=True)
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
        given = {**dict(zip(_parameters(wrapped), args, strict=False)), **kwargs}
        attributes = {"gen_ai.provider.name": _provider(sdk, instance)}
        if resource.operation:
            attributes["gen_ai.operation.name"] = resource.operation
        model = _model(given, instance)
        if model:
            attributes["gen_ai.request.model"] = model
        trees = [(name, plain(value)) for name, value in given.items() if name not in _NOT_CONTENT]
        kinds = (str, bytes, list, tuple, dict)
        parts = tuple(Part(name, tree) for name, tree in trees if type(tree) in kinds)
        return Layer(sdk.name, operation, parts, attributes)

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


def _provider(sdk: Sdk, instance: Any) -> str:
    """Return ``gen_ai.provider.name`` as the conventions have it, by the client's class."""
    if getattr(getattr(instance, "_api_client", None), "vertexai", None) is True:
        return PLATFORMS["Vertex"]
    kinds = (type(instance).__name__, type(getattr(instance, "_client", None)).__name__)
    for word, provider in PLATFORMS.items():
        if any(word in kind for kind in kinds):
            return provider
    return sdk.provider
