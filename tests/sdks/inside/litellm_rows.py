"""Every function of litellm's table is called, sync and async: whatever it takes, it is named."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from sst_otel.sinks.litellm import LITELLM
from tests.sdks.inside.models import ASK, MAIL, PROMPT, use_any  # before litellm: settings
from tests.sinks.llm_vendor import LLMVendor
from tests.support import Tracking

FILE = ("a.jsonl", PROMPT.encode())
BY = {"custom_llm_provider": "openai"}
THREAD = {**BY, "thread_id": "t"}
VIDEO = {"video_id": "v", "prompt": PROMPT, **BY}
STORE = {**BY, "vector_store_id": "v"}
RUN = {**THREAD, "assistant_id": "a", "instructions": PROMPT}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}], "model": "gemini/m"}
GIVEN: dict[str, dict[str, Any]] = {
    "completion": {"messages": ASK},
    "text_completion": {"prompt": PROMPT, "model": "text-completion-openai/m"},
    "embedding": {"input": [PROMPT]},
    "responses": {"input": PROMPT},
    "compact_responses": {"input": PROMPT},
    "anthropic_messages": {"messages": ASK, "max_tokens": 9, "model": "anthropic/m"},
    "anthropic_messages_handler": {"messages": ASK, "max_tokens": 9, "model": "anthropic/m"},
    "image_generation": {"prompt": PROMPT},
    "image_edit": {"prompt": PROMPT, "image": b"\x89PNG"},
    "image_variation": {"image": FILE},
    "video_generation": {"prompt": PROMPT},
    **dict.fromkeys(("video_remix", "video_edit"), VIDEO),
    "video_extension": {**VIDEO, "seconds": "4"},
    "moderation": {"input": PROMPT, "model": "m"},
    "transcription": {"file": ("a", b"RIFF"), "prompt": PROMPT},
    "speech": {"input": PROMPT, "voice": "v"},
    "rerank": {"query": "?", "documents": [PROMPT], "model": "cohere/m"},
    "search": {"query": PROMPT, "search_provider": "tavily"},
    "decisions": {
        "input": PROMPT,
        "questions": [{"type": "predicate", "instructions": "?"}],
    },
    "ocr": {
        "document": {"type": "document_url", "document_url": f"https://x.example/?q={MAIL}"},
        "model": "mistral/m",
    },
    "create_batch": {
        **BY,
        "completion_window": "24h",
        "endpoint": "/v1/responses",
        "input_file_id": "f",
        "metadata": {"by": MAIL},
    },
    "create_file": {**BY, "file": FILE, "purpose": "batch"},
    "create_assistants": {**BY, "instructions": PROMPT},
    "create_thread": {**BY, "messages": ASK},
    "add_message": {**THREAD, "role": "user", "content": PROMPT},
    **dict.fromkeys(("run_thread", "run_thread_stream"), RUN),
    "messages.create": {"messages": ASK, "max_tokens": 9, "model": "anthropic/m"},
    **dict.fromkeys(("generate_content", "generate_content_stream"), GEMINI),
    "interactions.create": {"input": PROMPT, "model": "gemini/m"},
    "rag.ingest": {"file_data": ("a.txt", PROMPT.encode(), "text/plain")},
    "rag.query": {"messages": ASK, "retrieval_config": {"vector_store_id": "v", **BY}},
    "vector_stores.create": {**BY, "name": PROMPT},
    "vector_stores.search": {**STORE, "query": PROMPT},
    "vector_stores.update": {**STORE, "name": PROMPT},
}
"""Operation → what is given besides a key and an address."""


class Row(NamedTuple):
    operation: str
    module: str
    function: str

    def __str__(self) -> str:
        return f"{self.module}.{self.function}"


ROWS = [
    Row(resource.prefix + method.removeprefix("_"), resource.module, function)
    for resource in LITELLM.resources
    for method in resource.methods
    for function in (method.removeprefix("_"), f"a{method}")
    if hasattr(importlib.import_module(resource.module), function)
]
ASYNC_ALONE = frozenset(
    {"litellm.anthropic_messages_handler", "litellm.anthropic_interface.messages.create"}
)
ENDS_IN_THE_PROXY = "litellm.google_genai.main.agenerate_content_stream"
"""Wants litellm's proxy, which is not installed, when all has been read."""


@pytest.fixture(autouse=True)
def libraries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What litellm wants and does not ask for: a library for sounds, and a loop of the thread."""
    monkeypatch.setitem(sys.modules, "soundfile", ModuleType("soundfile"))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()


def call(row: Row, url: str) -> None:
    given: dict[str, Any] = {"api_key": "k", "api_base": f"{url}/v1"}
    if row.operation == "rag.ingest":
        given["ingest_options"] = {"vector_store": {**given, **STORE}}
    else:
        given["model"] = "openai/m"
    function = getattr(importlib.import_module(row.module), row.function)
    with suppress(ImportError) if str(row) == ENDS_IN_THE_PROXY else nullcontext():
        use_any(function, **given | GIVEN[row.operation])


@pytest.mark.parametrize("row", [row for row in ROWS if str(row) not in ASYNC_ALONE], ids=str)
def test_each_is_one_event_named_by_its_operation(
    row: Row, tracked: Tracking, server: LLMVendor
) -> None:
    before, received = len(tracked.rows()), len(server.received)
    call(row, server.url)
    (told,) = tracked.rows()[before:]
    assert told["destination"] == f"LiteLLM/127.0.0.1:{row.operation}"
    assert (told["owner_id"], told["data_types"], told["outcome"]) == ("1", ["email"], "sent")
    assert any(MAIL.encode() in body for _, body in server.received[received:])


@pytest.mark.parametrize("row", [row for row in ROWS if str(row) in ASYNC_ALONE], ids=str)
def test_what_litellm_refuses_was_not_sent(row: Row, tracked: Tracking, server: LLMVendor) -> None:
    before = len(tracked.rows())
    with pytest.raises(ValueError, match="not implemented for sync calls"):
        call(row, server.url)
    assert len(tracked.rows()) == before
