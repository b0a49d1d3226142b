"""What each method of a language model's SDK is given: by the names of its parameters."""

from __future__ import annotations

import inspect
from typing import Any

import pydantic

from tests.sinks.llm_calls import ASK, PROMPT
from tests.sinks.llm_fixtures import MAIL


class Answer(pydantic.BaseModel):
    text: str


TEXTS, WORDS = [PROMPT], ["a", "b"]
FILE = ("a.jsonl", PROMPT.encode())
PARTS = [{"role": "user", "parts": [{"text": PROMPT}]}]
DOCUMENT = {"type": "document_url", "document_url": f"https://x.example/?q={MAIL}"}
GIVEN: dict[str, Any] = {
    **dict.fromkeys(("prompt", "input", "query", "text", "question", "message"), PROMPT),
    **dict.fromkeys(("content", "instructions", "sentence", "contents", "src"), PROMPT),
    **dict.fromkeys(("inputs", "documents", "texts", "other_sentences"), TEXTS),
    **dict.fromkeys(("file", "image", "video", "data"), FILE),
    **dict.fromkeys(("questions", "candidate_labels"), WORDS),
    **dict.fromkeys(("conversation_id", "assistant_id", "thread_id", "message_id", "run_id"), "i"),
    **dict.fromkeys(("vector_store_id", "file_id", "input_file_id", "video_id", "agent_id"), "i"),
    **dict.fromkeys(("library_id", "from_entry_id", "session_id", "model", "voice"), "i"),
    **dict.fromkeys(("messages", "items"), ASK),
    **dict.fromkeys(("upload_id", "container_id", "memory_store_id", "memory_id"), "i"),
    **dict.fromkeys(("user_profile_id", "document_id", "environment_id", "agent"), "i"),
    "attributes": {"by": MAIL},
    "completion_window": "24h",
    "config": {"display_name": PROMPT, "contents": PARTS},
    "context": "?",
    "document": DOCUMENT,
    "endpoint": "/v1/chat/completions",
    "environment": {"type": "none"},
    "events": [{"type": "user.message", "content": [{"type": "text", "text": PROMPT}]}],
    "input_type": "search_query",
    "max_tokens": 9,
    "metadata": {"by": MAIL},
    "name": "n",
    "path": "/notes",
    "purpose": "batch",
    "reference_images": [],
    "requests": [{"custom_id": "1", "params": {"model": "m", "max_tokens": 9, "messages": ASK}}],
    "response_format": Answer,
    "role": "user",
    "seconds": "4",
    "system": PROMPT,
    "table": {"who": [MAIL]},
    "url": f"https://x.example/?q={MAIL}",
    "tool_outputs": [{"tool_call_id": "1", "output": PROMPT}],
}
"""Name of a parameter → what it is given; one that is not here makes the test of its row fail."""
CONTENT = (
    *("messages", "input", "inputs", "prompt", "contents", "texts", "instructions", "metadata"),
    *("config", "attributes", "system", "content", "file"),
)
"""What may hold a text; taken in this order where no required parameter does."""


SPECIAL: dict[tuple[str, str], dict[str, Any]] = {
    ("Cohere", "embed"): {"texts": [PROMPT]},
    ("Google", "batches.create"): {"src": [{"contents": PARTS}]},
    ("Google", "batches.create_embeddings"): {"src": {"inlined_requests": {"contents": PARTS}}},
    ("Google", "caches.update"): {"name": f"cachedContents/{MAIL}"},
    ("Google", "interactions.create"): {"model": "m", "input": PROMPT},
    ("Google", "models.generate_videos"): {"prompt": PROMPT},
    ("Mistral AI", "chat.parse"): {"messages": ASK, "model": "m"},
    ("Mistral AI", "chat.parse_stream"): {"messages": ASK, "model": "m"},
    ("Mistral AI", "classifiers.classify_chat"): {"input": {"messages": ASK}},
    ("Mistral AI", "classifiers.moderate_chat"): {"inputs": ASK},
    ("OpenAI", "responses.stream"): {"model": "m"},
    **{("Ollama", name): {"model": "m"} for name in ("chat", "generate", "embed", "embeddings")},
    **{
        ("Mistral AI", f"conversations.{act}{how}"): {"inputs": PROMPT}
        for act in ("start", "append", "restart")
        for how in ("", "_stream")
    },
    **{
        ("Mistral AI", name): {"file": {"file_name": "a.jsonl", "content": PROMPT.encode()}}
        for name in (
            *("files.upload", "documents.upload"),
            *("transcriptions.complete", "transcriptions.stream"),
        )
    },
    **{
        ("Hugging Face", name): {"image": PROMPT.encode()}
        for name in ("image_to_image", "document_question_answering", "visual_question_answering")
    },
}
"""(SDK, operation) → what it is given besides, or otherwise than :data:`GIVEN` has it."""


def given(sdk: str, operation: str, method: Any) -> dict[str, Any]:
    """Return what to call ``method`` with: all it requires, and somewhere a text of Ann's."""
    parameters = dict(inspect.signature(method).parameters)
    parameters.pop("self", None)
    required = [
        name
        for name, one in parameters.items()
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    special = SPECIAL.get((sdk, operation), {})
    chosen = {**GIVEN, **special}
    names = [*dict.fromkeys((*required, *special))]
    if not any(MAIL in str(chosen[name]) for name in names):
        able = [name for name in CONTENT if name in parameters]
        assert able, f"{sdk}: {operation} takes nothing that could be a text"
        names.append(able[0])
    return {name: chosen[name] for name in names}
