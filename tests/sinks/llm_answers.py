"""What vendors of language models answer: by path, whole or streamed."""

from __future__ import annotations

import re
from typing import Any

from tests.support import OPENAI_RESPONSE

TEXT = '{"text": "Save more."}'
"""An answer in words, and as JSON for who asks so."""
USAGE = {"input_tokens": 1, "output_tokens": 1, "prompt_tokens": 1, "total_tokens": 2}
DAY = "2026-01-01T00:00:00Z"
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
    "service_tier": "default",
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
    ],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
}
COHERE_MESSAGE = {"role": "assistant", "content": [{"type": "text", "text": TEXT}]}
COHERE_DELTA = {"message": {"content": {"text": TEXT}}}
OCR_PAGE = {"index": 0, "markdown": TEXT, "images": [], "dimensions": None}
OCR = {"pages": [OCR_PAGE], "model": "m", "usage_info": {"pages_processed": 1, "doc_size_bytes": 1}}
OLLAMA = {
    "model": "m",
    "done": True,
    "response": TEXT,
    "message": REPLY,
}

CONVERSATION = {
    "object": "conversation.response",
    "conversation_id": "c",
    "outputs": [],
    "usage": USAGE,
}
THREAD = {"id": "t", "thread_id": "t", "object": "thread", "created_at": 1, "status": "completed"}

BATCH = {
    "id": "b",
    "input_files": [],
    "endpoint": "e",
    "errors": [],
    "status": "QUEUED",
    "created_at": 1,
    **{f"{which}_requests": 0 for which in ("total", "completed", "succeeded", "failed")},
}
OPENAI_BATCH = {
    **BATCH,
    "object": "batch",
    "status": "completed",
    "completion_window": "24h",
    "errors": None,
    "input_file_id": "f",
}
VIDEO = {"id": "v", "object": "video", "status": "completed", "created_at": 1}
COMPACTED = {"id": "r", "object": "response.compaction", "created_at": 1, "output": []}
THREAD_MESSAGE = {**THREAD, "object": "thread.message", "role": "user", "content": []}
FILE = {
    "id": "f",
    "object": "file",
    "bytes": 1,
    "created_at": 1,
    "filename": "a",
    "purpose": "batch",
    "sample_type": "batch_request",
    "source": "upload",
}
AGENT = {
    "object": "agent",
    **dict.fromkeys(("id", "model", "name", "source"), "a"),
    "created_at": DAY,
    "updated_at": DAY,
    "version": 1,
    "versions": [1],
    "deployment_chat": False,
}
DOCUMENT = {
    **dict.fromkeys(("id", "library_id", "name", "uploaded_by_type", "processing_status"), "d"),
    **dict.fromkeys(("hash", "mime_type", "extension", "size", "uploaded_by_id")),
    "created_at": DAY,
    "process_status": "done",
    "tokens_processing_total": 1,
}
TRANSCRIPTION = {"model": "m", "text": TEXT, "language": None, "usage": USAGE}
RESULTS = {"id": "m", "model": "m", "results": []}
CELLS = {"answer": TEXT, "coordinates": [], "cells": []}
STARTED = {"type": "conversation.response.started", "conversation_id": "c", "created_at": DAY}
DELTA = {"type": "transcription.text.delta", "text": TEXT}

HERE = "http://here.example"
"""Stands for the address of whoever answers."""

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
    r"/api/embeddings": ("ndjson", {"embedding": [0.5]}, None),
    r"/api/web_search": ("ndjson", {"results": []}, None),
    r"(.*/chat|/v1/agents|/v1/fim)/completions": ("sse", COMPLETION, [CHUNK, "[DONE]"]),
    r".*/embeddings": ("sse", EMBEDDINGS, None),
    r".*:embedContent": ("sse", {"embedding": {"values": [0.5]}}, None),
    r".*:batchEmbedContents": ("sse", {"embeddings": [{"values": [0.5]}]}, None),
    r".*:(stream)?[gG]enerateContent": ("sse", CANDIDATES, [CANDIDATES]),
    r".*:countTokens": ("sse", {"totalTokens": 3}, None),
    r".*/interactions": ("sse", {"id": "i", "status": "completed", "outputs": []}, None),
    r"/v1/(chat/)?(moderations|classifications)": (
        "sse",
        {"id": "m", "model": "m", "results": []},
        None,
    ),
    r"/v1/chat": (
        "ndjson",
        {"text": TEXT, "generation_id": "g"},
        [{"event_type": "text-generation", "text": TEXT}],
    ),
    r"/v2/chat": (
        "sse",
        {
            "id": "c",
            "finish_reason": "COMPLETE",
            "message": COHERE_MESSAGE,
            "usage": {"tokens": {"input_tokens": 1, "output_tokens": 1}},
        },
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
    r"/v1/models/.*/predictions": ("sse", {"output": f"{HERE}/video"}, None),
    r"/(features|feature_extraction)": ("sse", [[0.5]], None),
    r"/table_question_answering": ("sse", CELLS, None),
    r"/v1/images/generations": ("sse", {"created": 1, "data": [{"url": "http://i"}]}, None),
    r"/v1/images/edits": ("sse", {"created": 1, "data": [{"url": "http://i"}]}, None),
    r"/v1/ocr": ("sse", OCR, None),
    r"/v1/audio/transcriptions": ("sse", TRANSCRIPTION, [DELTA]),
    r"/v1/decisions": ("sse", {"model": "m", "answers": [], "usage": USAGE}, None),
    r"/v1/videos.*": ("sse", VIDEO, None),
    r"/v1/responses/compact": ("sse", COMPACTED, None),
    r"/v1/batches": ("sse", OPENAI_BATCH, None),
    r"/v1/threads/[^/]*/messages": ("sse", THREAD_MESSAGE, None),
    r"/v1/threads.*": ("sse", THREAD, None),
    r"/v1/(completions|assistants)": ("sse", COMPLETION, None),
    r"/v1/conversations.*": ("sse", CONVERSATION, [STARTED]),
    r"/v1/files": ("sse", FILE, None),
    r"/v1/batch/jobs": ("sse", BATCH, None),
    r"/v1/responses/.*": ("sse", {"input_tokens": 3}, None),
    r"/v1/agents(/.*)?": ("sse", AGENT, None),
    r"/api/web_fetch": ("ndjson", {"title": "", "content": "", "links": []}, None),
    r"/v1/libraries/i/documents(/.*)?": ("sse", DOCUMENT, None),
    r"/v1/audio/speech": ("sse", {"audio_data": ""}, None),
    r"/rawPredict": ("sse", COMPLETION, None),
    r"/streamRawPredict": ("sse", COMPLETION, [CHUNK, "[DONE]"]),
    r"/model/m/invoke": ("sse", MESSAGE, None),
    r"/v1/projects/.*:rawPredict": ("sse", MESSAGE, None),
    r"/openai/deployments/.*": ("sse", COMPLETION, None),
    r"/[a-z_]+": ("sse", [{"generated_text": TEXT}], None),
    r".*": ("sse", {"id": "a", "status": "completed"}, None),
}


def answer_to(path: str) -> Answer:
    """Return the first answer of the table for a path without its query."""
    return next(answer for pattern, answer in ANSWERS.items() if re.fullmatch(pattern, path))
