"""What each vendor answers, in the shape its own SDK parses.

Shapes follow the vendors' references: OpenAI Responses and Chat Completions (Groq serves the same
under ``/openai/v1``), Meta Conversions API, HubSpot CRM v3 contacts, ExchangeRate-API open access.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CREATED_AT = 1_750_000_000
ADVICE = "Put a fixed part aside on the day you are paid, before you spend anything."


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; ``content`` is sent as JSON."""

    status: int
    content: dict[str, Any]


def answer(host: str, method: str, path: str, body: bytes) -> Answer:
    """Answer ``method path`` as the vendor at ``host`` would.

    ``path`` may carry a query. Raises ``KeyError`` for a host that nobody stands in for.
    """
    routes = VENDORS[host]
    bare = path.partition("?")[0]
    for wanted_method, pattern, make in routes:
        if method == wanted_method and re.fullmatch(pattern, bare):
            try:
                sent = json.loads(body) if body else {}
            except ValueError:
                return Answer(400, {"error": {"message": "The body is not valid JSON."}})
            if not isinstance(sent, dict):
                return Answer(400, {"error": {"message": "The body must be an object."}})
            return make(sent)
    return Answer(404, {"error": {"message": "Unknown request URL."}})


def _responses(sent: dict[str, Any]) -> Answer:
    if "input" not in sent or "model" not in sent:
        return Answer(400, {"error": {"message": "model and input are required."}})
    text = {"type": "output_text", "text": ADVICE, "annotations": []}
    message = {
        "type": "message",
        "id": "msg_demo",
        "status": "completed",
        "role": "assistant",
        "content": [text],
    }
    return Answer(
        200,
        {
            "id": "resp_demo",
            "object": "response",
            "created_at": CREATED_AT,
            "status": "completed",
            "model": sent["model"],
            "output": [message],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        },
    )


def _chat_completions(sent: dict[str, Any]) -> Answer:
    if not sent.get("messages") or "model" not in sent:
        return Answer(400, {"error": {"message": "model and messages are required."}})
    message = {"role": "assistant", "content": ADVICE}
    return Answer(
        200,
        {
            "id": "chatcmpl-demo",
            "object": "chat.completion",
            "created": CREATED_AT,
            "model": sent["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        },
    )


def _conversions(sent: dict[str, Any]) -> Answer:
    events = sent.get("data")
    if not isinstance(events, list) or not events:
        return Answer(400, {"error": {"message": "(#100) param data must be non-empty."}})
    return Answer(
        200,
        {"events_received": len(events), "messages": [], "fbtrace_id": "AbCdEfGhIjKlMnOpQrStUv"},
    )


def _contact(sent: dict[str, Any]) -> Answer:
    properties = sent.get("properties")
    if not isinstance(properties, dict) or "email" not in properties:
        return Answer(
            400, {"status": "error", "category": "VALIDATION_ERROR", "message": "Invalid input"}
        )
    created = "2025-06-15T15:06:40.000Z"
    contact = {"id": "501", "properties": properties, "archived": False}
    return Answer(201, {**contact, "createdAt": created, "updatedAt": created})


def _rates(_sent: dict[str, Any]) -> Answer:
    rates = {"USD": 1, "EUR": 0.92, "GBP": 0.79, "CHF": 0.88}
    return Answer(200, {"result": "success", "base_code": "USD", "rates": rates})


VENDORS: dict[str, tuple[tuple[str, str, Callable[[dict[str, Any]], Answer]], ...]] = {
    "api.groq.com": (
        ("POST", "/openai/v1/responses", _responses),
        ("POST", "/openai/v1/chat/completions", _chat_completions),
    ),
    "api.openai.com": (
        ("POST", "/v1/responses", _responses),
        ("POST", "/v1/chat/completions", _chat_completions),
    ),
    "graph.facebook.com": (("POST", r"/v\d+\.\d+/\d+/events", _conversions),),
    "api.hubapi.com": (("POST", "/crm/v3/objects/contacts", _contact),),
    "open.er-api.com": (("GET", "/v6/latest/[A-Z]{3}", _rates),),
}
"""Host -> (method, path pattern, what answers) of everyone we stand in for."""
