"""litellm's functions in every mode it sends by: one event a call, named by the outermost."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from tests.sdks.inside.models import ASK, MAIL, PROMPT, use  # before litellm: settings
from tests.sinks.llm_vendor import LLMVendor
from tests.support import Tracking

litellm: Any = importlib.import_module("litellm")

Given: TypeAlias = Callable[[str], dict[str, Any]]


def _at(place: str, model: str, **more: Any) -> Given:
    return lambda url: {"api_key": "k", "model": model, "api_base": f"{url}{place}", **more}


VENDORS: dict[str, tuple[str | None, Given]] = {
    "openai": ("openai", _at("/v1", "openai/m")),
    "azure": ("azure.ai.openai", _at("", "azure/m", api_version="1")),
    "anthropic": ("anthropic", _at("/v1/messages", "anthropic/m")),
    "gemini": ("gcp.gemini", _at("", "gemini/m")),
    "ollama": ("ollama", _at("", "ollama_chat/m")),
    "groq": ("groq", _at("/v1", "groq/m")),
    "mistral": ("mistral_ai", _at("/v1", "mistral/m")),
    "another": (None, _at("/v1", "together_ai/m")),
}
CHATS = [
    pytest.param(vendor, function, stream, id=f"{vendor}, {function}{', stream' * stream}")
    for vendor in VENDORS
    for function in ("completion", "acompletion")
    for stream in (False, True)
]
OPENAI = _at("/v1", "openai/m")
OTHERS: dict[str, tuple[str, Given, dict[str, Any]]] = {
    "responses, stream": ("responses", OPENAI, {"input": PROMPT, "stream": True}),
    "responses, of chat": ("responses", _at("/v1/messages", "anthropic/m"), {"input": MAIL}),
    "text_completion, of chat": ("text_completion", OPENAI, {"prompt": PROMPT}),
}
"""Name, beginning with the operation → function, what it is given; the plain calls of all functions
are in ``litellm_rows.py``."""


@pytest.mark.parametrize(("vendor", "function", "stream"), CHATS)
def test_a_completion_is_one_event(
    vendor: str, function: str, stream: bool, tracked: Tracking, server: LLMVendor
) -> None:
    provider, given = VENDORS[vendor]
    before = len(tracked.rows())
    chunks = use(getattr(litellm, function), messages=ASK, stream=stream, **given(server.url))
    (row,) = tracked.rows()[before:]
    assert row["destination"] == "LiteLLM/127.0.0.1:completion"
    assert (row["owner_id"], row["data_types"], row["outcome"]) == ("1", ["email"], "sent")
    assert row["metadata"].get("gen_ai.provider.name") == provider
    assert row["metadata"]["gen_ai.operation.name"] == "chat"
    assert row["metadata"]["gen_ai.request.model"].endswith("m")
    assert type(chunks[0]).__module__.startswith("litellm.")


@pytest.mark.parametrize("name", OTHERS)
def test_so_is_every_other_call(name: str, tracked: Tracking, server: LLMVendor) -> None:
    function, given, more = OTHERS[name]
    before, received = len(tracked.rows()), len(server.received)
    use(getattr(litellm, function), **given(server.url), **more)
    (row,) = tracked.rows()[before:]
    assert row["destination"] == f"LiteLLM/127.0.0.1:{name.partition(',')[0]}"
    assert (row["owner_id"], row["data_types"], row["outcome"]) == ("1", ["email"], "sent")
    assert any(MAIL.encode() in body for _, body in server.received[received:])
