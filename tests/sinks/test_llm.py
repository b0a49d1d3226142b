"""Language models' SDKs against a loopback vendor: every SDK in every mode is one named event."""

from __future__ import annotations

import pytest

from tests.sinks.llm_calls import ANTHROPIC, GOOGLE, OPENAI, PROMPT, Make, Use, run
from tests.sinks.llm_more_calls import COHERE, GROQ, HUGGING_FACE, MISTRAL, OLLAMA
from tests.sinks.llm_vendor import LLMVendor
from tests.support import Tracking

SDKS = {
    "OpenAI": OPENAI,
    "Anthropic": ANTHROPIC,
    "Google": GOOGLE,
    "Groq": GROQ,
    "Mistral AI": MISTRAL,
    "Cohere": COHERE,
    "Ollama": OLLAMA,
    "Hugging Face": HUGGING_FACE,
}
CASES = [
    pytest.param(sdk, *case, id=f"{sdk}: {name}")
    for sdk, calls in SDKS.items()
    for name, case in calls.items()
]


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")
@pytest.mark.parametrize(("sdk", "make", "use", "operation"), CASES)
def test_each_call_is_one_event_named_by_its_operation(
    sdk: str, make: Make, use: Use, operation: str, tracked: Tracking, server: LLMVendor
) -> None:
    before, received = len(tracked.rows()), len(server.received)
    run(make, use, server.url)
    (row,) = tracked.rows()[before:]
    assert row["destination"] == f"{sdk}/127.0.0.1:{operation}"
    assert (row["owner_id"], row["data_types"], row["outcome"]) == ("1", ["email"], "sent")
    assert any(PROMPT.encode() in body for _, body in server.received[received:])
