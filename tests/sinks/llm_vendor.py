"""A loopback stand-in for the vendors of language models: each one's answers, whole or streamed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.serving import HttpHandler, StandIn, serving
from tests.sinks.llm_answers import HERE, answer_to


@dataclass
class LLMVendor:
    """The stand-in, and what it received."""

    port: int
    received: list[tuple[str, bytes]] = field(default_factory=list)
    """(path with query, body) in the order of arrival."""
    failures: int = 0
    """How many of the next requests it answers 503."""
    answers: list[Any] = field(default_factory=list)
    """Answers of the next requests, before those of the table."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def llm_vendor() -> Iterator[LLMVendor]:
    class Handler(HttpHandler):
        def do_POST(self) -> None:
            body = self.body()
            vendor.received.append((self.path, body))
            path = self.path.partition("?")[0]
            form, answer, events = answer_to(path)
            if vendor.answers:
                answer, events = vendor.answers.pop(0), None
            streamed = "stream" in path or re.search(rb'"stream"(: ?|\r\n\r\n)true', body)
            failing, vendor.failures = vendor.failures > 0, max(0, vendor.failures - 1)
            kind, content = (
                "application/json",
                json.dumps(answer).replace(HERE, vendor.url).encode(),
            )
            if streamed and events is not None and not failing:
                kind, content = _stream(form, events)
            self.answer(content, 503 if failing else 200, Content_Type=kind, Retry_After="0")

        do_GET = do_PATCH = do_POST

    with serving(StandIn(Handler)) as port:
        vendor = LLMVendor(port)
        yield vendor


def _stream(form: str, events: list[Any]) -> tuple[str, bytes]:
    texts = [event if isinstance(event, str) else json.dumps(event) for event in events]
    if form == "ndjson":
        return "application/x-ndjson", "".join(f"{text}\n" for text in texts).encode()
    named = [
        f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
        for event in events
    ]
    content = "".join(f"{name}data: {text}\n\n" for name, text in zip(named, texts, strict=True))
    return "text/event-stream", content.encode()
