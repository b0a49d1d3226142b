"""What a row of the table of language models' SDKs is, and how one is written down."""

from __future__ import annotations

from typing import NamedTuple


class Resource(NamedTuple):
    """One class of an SDK, beside it its twin ``Async…`` if the module has one."""

    module: str
    """Where the class is defined; one that a version lacks is never imported."""
    owner: str
    """The class; empty for functions of the module."""
    prefix: str
    """What stands before the method in the operation's name: ``chat.completions.``."""
    operation: str
    """``gen_ai.operation.name``."""
    methods: tuple[str, ...]
    """``complete`` is ``complete_async`` too, and a function ``embedding`` also ``aembedding``;
    ``_generate_content`` is named without ``_``. Versions differ, so none of them is missed where
    it is not there."""


class Sdk(NamedTuple):
    """One vendor's SDK."""

    name: str
    """As the recipient register calls the vendor, so that its own endpoint is not named twice."""
    provider: str
    """``gen_ai.provider.name``; empty where each call has its own."""
    resources: tuple[Resource, ...]
    managers: tuple[tuple[str, str, str], ...] = ()
    """(module, class, method) of what a method returns and that sends by this other method."""
    attempts: tuple[tuple[str, str], ...] = ()
    """(module, path) of what makes several calls of one, by trying again."""


PLATFORMS = {
    "Azure": "azure.ai.openai",
    "Foundry": "azure.ai.inference",
    "Bedrock": "aws.bedrock",
    "Sagemaker": "aws.sagemaker",
    "Vertex": "gcp.vertex_ai",
}
"""Word in the name of a client's class → ``gen_ai.provider.name``."""


def rows(root: str, table: str) -> tuple[Resource, ...]:
    """Read ``module:Class``, below it lines of ``operation prefix method …``; ``-`` is nothing."""
    found = []
    place = owner = ""
    for line in filter(None, table.splitlines()):
        if not line.startswith(" "):
            module, owner = line.split(":")
            place = f"{root}.{module}" if module else root
            continue
        operation, prefix, *methods = (word.strip("-") for word in line.split())
        found.append(Resource(place, owner, prefix, operation, tuple(methods)))
    return tuple(found)


def managers(*places: str) -> tuple[tuple[str, str, str], ...]:
    """Read ``module:Class.method``, without a method those of a ``with`` or ``async with``."""
    found = []
    for place in places:
        module, _, path = place.partition(":")
        owner, _, method = path.partition(".")
        enter = "__aenter__" if "Async" in owner else "__enter__"
        found.append((module, owner, method or enter))
    return tuple(found)
