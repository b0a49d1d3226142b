"""Beside instrumentations of language models' SDKs: one event, on their span, in either order."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import anthropic
import openai
import pytest
from google import genai
from google.genai import types
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import sst_otel
from tests.sdks.inside.models import ASK, MAIL, PROMPT, use  # before litellm: settings
from tests.sinks.llm_vendor import LLMVendor
from tests.support import tracking_in

boto3: Any = importlib.import_module("boto3")
litellm: Any = importlib.import_module("litellm")
Act: TypeAlias = Callable[[str], object]
CLAUDE: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": ASK}


def _openai(act: Callable[[Any], Any], made: Any = openai.OpenAI) -> Act:
    return lambda url: use(act, made(api_key="k", base_url=f"{url}/v1"))


def _litellm(name: str, **more: Any) -> Act:
    return lambda url: use(
        getattr(litellm, name), model="openai/m", api_key="k", api_base=f"{url}/v1", **more
    )


def _claude(url: str) -> object:
    return use(anthropic.Anthropic(api_key="k", base_url=url).messages.create, **CLAUDE)


def _claude_stream(url: str) -> None:
    with anthropic.Anthropic(api_key="k", base_url=url).messages.stream(**CLAUDE) as stream:
        stream.until_done()


def _gemini(method: str) -> Act:
    def act(url: str) -> object:
        client = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=url))
        return use(getattr(client.models, method), model="m", contents=PROMPT)

    return act


def _bedrock(url: str) -> object:
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
    )
    return client.invoke_model(modelId="m", body=json.dumps({"messages": ASK, "max_tokens": 9}))


OPENAI: dict[str, Act] = {
    "chat.completions.create": _openai(
        lambda c: c.chat.completions.create(model="m", messages=ASK)
    ),
    "chat.completions.create, stream": _openai(
        lambda c: c.chat.completions.create(model="m", messages=ASK, stream=True)
    ),
    "chat.completions.create, async": _openai(
        lambda c: c.chat.completions.create(model="m", messages=ASK), openai.AsyncOpenAI
    ),
    "embeddings.create": _openai(lambda c: c.embeddings.create(model="m", input=MAIL)),
}
LITELLM = {
    "completion": _litellm("completion", messages=ASK),
    "completion, async": _litellm("acompletion", messages=ASK),
    "completion, async stream": _litellm("acompletion", messages=ASK, stream=True),
    "embedding": _litellm("embedding", input=MAIL),
}
ANTHROPIC: dict[str, Act] = {"messages.create": _claude, "messages.stream": _claude_stream}
GOOGLE = {
    "models.generate_content": _gemini("generate_content"),
    "models.generate_content_stream": _gemini("generate_content_stream"),
}
BESIDE: dict[str, tuple[str, dict[str, Act]]] = {
    "opentelemetry.instrumentation.openai:OpenAIInstrumentor": ("OpenAI", OPENAI),
    "openinference.instrumentation.openai:OpenAIInstrumentor": ("OpenAI", OPENAI),
    "opentelemetry.instrumentation.litellm:LiteLLMInstrumentor": ("LiteLLM", LITELLM),
    "openinference.instrumentation.litellm:LiteLLMInstrumentor": ("LiteLLM", LITELLM),
    "opentelemetry.instrumentation.anthropic:AnthropicInstrumentor": ("Anthropic", ANTHROPIC),
    "openinference.instrumentation.anthropic:AnthropicInstrumentor": ("Anthropic", ANTHROPIC),
    "openinference.instrumentation.google_genai:GoogleGenAIInstrumentor": ("Google", GOOGLE),
    "openinference.instrumentation.bedrock:BedrockInstrumentor": (
        "AWS Bedrock Runtime",
        {"InvokeModel": _bedrock},
    ),
    "opentelemetry.instrumentation.botocore:BotocoreInstrumentor": (
        "AWS Bedrock Runtime",
        {"InvokeModel": _bedrock},
    ),
}


@pytest.fixture(scope="module")
def provider() -> TracerProvider:
    """One for all: some keep the first tracer that they are given."""
    return TracerProvider()


@pytest.fixture(scope="module")
def spans(provider: TracerProvider) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.mark.parametrize("order", ["before tracking", "after tracking"])
@pytest.mark.parametrize("name", BESIDE)
def test_each_call_is_told_once_and_on_the_span_of_the_call(
    name: str,
    order: str,
    server: LLMVendor,
    tmp_path: Path,
    provider: TracerProvider,
    spans: InMemorySpanExporter,
) -> None:
    sdk, acts = BESIDE[name]
    module, _, kind = name.partition(":")
    instrumentor = getattr(importlib.import_module(module), kind)()
    if order == "before tracking":
        instrumentor.instrument(tracer_provider=provider)
    try:
        with tracking_in(tmp_path) as tracked:
            if order == "after tracking":
                instrumentor.instrument(tracer_provider=provider)
            sst_otel.tag(MAIL, "email", owner_id="1")
            for operation, act in acts.items():
                spans.clear()
                before = len(tracked.rows())
                act(server.url)
                (row,) = tracked.rows()[before:]
                assert row["destination"] == f"{sdk}/127.0.0.1:{operation.partition(',')[0]}"
                (on,) = [
                    span
                    for span in spans.get_finished_spans()
                    for event in span.events
                    if event.name == "sst.data.share"
                ]
                assert row["span_id"] == format(on.context.span_id, "016x")
                assert any(key.startswith(("gen_ai.", "openinf")) for key in on.attributes or ())
            assert tracked.errors() == {}
    finally:
        instrumentor.uninstrument()
