"""A loopback stand-in for the vendors of language models: each one's answers, whole or streamed."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support import OPENAI_RESPONSE

TEXT = "Save more."
USAGE = {"input_tokens": 1, "output_tokens": 1, "prompt_tokens": 1, "total_tokens": 2}
CHUNK = {
    "id": "c",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "delta": {"role": "assistant", "content": TEXT}}
    ],
}
CHOICE = {"index": 0, "finish_reason": "stop", "text": TEXT, "logprobs": None}
REPLY = {"role": "assistant", "content": TEXT}
COMPLETION = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{**CHOICE, "message": REPLY}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
EMBEDDING = {"object": "embedding", "index": 0, "embedding": [0.5]}
EMBEDDINGS = {"id": "e", "object": "list", "model": "m", "data": [EMBEDDING], "usage": USAGE}
RESPONSE = {**OPENAI_RESPONSE, "sequence_number": 0}
MESSAGE = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
BLOCK: dict[str, Any] = {"type": "text", "text": ""}
MESSAGE_EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": BLOCK},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": USAGE},
    {"type": "message_stop"},
]
CANDIDATES = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": TEXT}]}, "finishReason": "STOP"}
    ]
}
COHERE_MESSAGE = {"role": "assistant", "content": [{"type": "text", "text": TEXT}]}
COHERE_DELTA = {"message": {"content": {"text": TEXT}}}
OLLAMA = {
    "model": "m",
    "done": True,
    "response": TEXT,
    "message": REPLY,
}

Answer = tuple[str, Any, list[Any] | None]
"""(form of the stream: ``sse`` | ``ndjson``, the answer, what is streamed instead)."""
ANSWERS: dict[str, Answer] = {
    r"/v1/responses": (
        "sse",
        OPENAI_RESPONSE,
        [
            {"type": f"response.{what}", "sequence_number": 0, "response": OPENAI_RESPONSE}
            for what in ("created", "completed")
        ],
    ),
    r"/v1/messages/count_tokens": ("sse", {"input_tokens": 3}, None),
    r"/v1/messages": ("sse", MESSAGE, MESSAGE_EVENTS),
    r".*/chat/completions": ("sse", COMPLETION, [CHUNK, "[DONE]"]),
    r".*/embeddings": ("sse", EMBEDDINGS, None),
    r".*:embedContent": ("sse", {"embedding": {"values": [0.5]}}, None),
    r".*:batchEmbedContents": ("sse", {"embeddings": [{"values": [0.5]}]}, None),
    r".*:(stream)?[gG]enerateContent": ("sse", CANDIDATES, [CANDIDATES]),
    r".*:countTokens": ("sse", {"totalTokens": 3}, None),
    r".*/interactions": ("sse", {"id": "i", "status": "completed", "outputs": []}, None),
    r"/v1/moderations": ("sse", {"id": "m", "model": "m", "results": []}, None),
    r"/v1/chat": (
        "ndjson",
        {"text": TEXT, "generation_id": "g"},
        [{"event_type": "text-generation", "text": TEXT}],
    ),
    r"/v2/chat": (
        "sse",
        {"id": "c", "finish_reason": "COMPLETE", "message": COHERE_MESSAGE},
        [{"type": "content-delta", "index": 0, "delta": COHERE_DELTA}],
    ),
    r"/v./embed": (
        "sse",
        {"id": "e", "response_type": "embeddings_by_type", "texts": [], "embeddings": {}},
        None,
    ),
    r"/v./rerank": ("sse", {"id": "r", "results": []}, None),
    r"/api/(chat|generate)": ("ndjson", OLLAMA, [OLLAMA]),
    r"/api/embed": ("ndjson", {"model": "m", "embeddings": [[0.5]]}, None),
    r"/api/embeddings": ("ndjson", {"embedding": [0.5]}, None),
    r"/generation": ("sse", [{"generated_text": TEXT}], None),
    r"/features": ("sse", [[0.5]], None),
    r"/v1/images/generations": ("sse", {"created": 1, "data": [{"url": "http://i"}]}, None),
    r"/v1/audio/transcriptions": ("sse", {"text": TEXT}, None),
    r"/v1/threads.*": ("sse", {"id": "t", "object": "thread", "created_at": 1}, None),
    r"/v1/(completions|assistants|batches|files|conversations.*)": ("sse", COMPLETION, None),
    r"/v1/audio/speech": ("sse", {}, None),
    r"/model/m/invoke": ("sse", MESSAGE, None),
    r"/v1/projects/.*:rawPredict": ("sse", MESSAGE, None),
    r"/openai/deployments/.*": ("sse", COMPLETION, None),
}


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
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            vendor.received.append((self.path, body))
            path = self.path.partition("?")[0]
            form, answer, events = _answer(path)
            if vendor.answers:
                answer, events = vendor.answers.pop(0), None
            streamed = "stream" in path or b'"stream":true' in body.replace(b" ", b"")
            failing, vendor.failures = vendor.failures > 0, max(0, vendor.failures - 1)
            kind, content = "application/json", json.dumps(answer).encode()
            if streamed and events is not None and not failing:
                kind, content = _stream(form, events)
            self.send_response(503 if failing else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    vendor = LLMVendor(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(path: str) -> Answer:
    return next(answer for pattern, answer in ANSWERS.items() if re.fullmatch(pattern, path))


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
