"""What the layer of a language model's SDK sees, and what it leaves alone."""

from __future__ import annotations

import asyncio
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import ollama
import openai
import pydantic
import pytest
import requests
from google import genai
from google.genai import types
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

import sst_otel
from sst_otel.sinks.llm_sdks import SDKS
from tests.sinks.llm_fixtures import MAIL
from tests.sinks.llm_vendor import LLMVendor
from tests.support import Tracking, tracking_in

ASK: Any = [{"role": "user", "content": f"Write to {MAIL}, please."}]


@pytest.fixture
def llm(server: LLMVendor) -> LLMVendor:
    server.received.clear()
    server.failures = 0
    server.answers.clear()
    return server


@pytest.fixture
def client(llm: LLMVendor) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="k", base_url=f"{llm.url}/v1", max_retries=1) as made:
        yield made


@pytest.fixture
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


class Facts(pydantic.BaseModel):
    amount: float


def told(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row["metadata"].items() if key.startswith("gen_ai.")}


class TestObjects:
    """A number says nothing in the bytes; the object that was handed over does."""

    def test_in_arguments_of_any_depth(self, tracking: Tracking, client: openai.OpenAI) -> None:
        income = float("48213.0")
        with sst_otel.scope(1):
            sst_otel.tag(income, "income")
            facts: Any = [Facts(amount=income)]
            client.embeddings.create(model="m", input="?", extra_body={"facts": facts})
            client.embeddings.create(model="m", input="?", extra_body={"facts": [48213.0 + 0]})
        (row,) = tracking.rows()
        assert (row["data_types"], row["evidence"]) == (["income"], ["exact"])
        assert row["paths"] == ["extra_body.facts[0].amount"]

    def test_in_a_model_of_the_sdk_that_is_sent_when_iterated(
        self, tracking: Tracking, llm: LLMVendor
    ) -> None:
        income = float("48213.0")
        call = ollama.Message.ToolCall.Function(name="f", arguments={"q": income})
        message = ollama.Message(
            role="assistant", tool_calls=[ollama.Message.ToolCall(function=call)]
        )
        with ollama.Client(llm.url) as made, sst_otel.scope(1):
            sst_otel.tag(income, "income")
            parts = made.chat("m", [message], stream=True)
            assert llm.received == []
            assert [part.done for part in parts] == [True]
        (row,) = tracking.rows()
        assert row["data_types"] == ["income"]
        assert row["destination"] == "Ollama/127.0.0.1:chat"


@pytest.mark.usefixtures("ann")
class TestNames:
    """OpenTelemetry's attributes of the call; the platform tells the provider."""

    def test_attributes(self, tracking: Tracking, client: openai.OpenAI) -> None:
        client.chat.completions.create(model="gpt", messages=ASK)
        client.embeddings.create(model="https://ann@models.example/m", input=MAIL)
        chat, embedding = tracking.rows()
        assert told(chat) == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt",
        }
        assert told(embedding) == {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "openai",
        }

    def test_platforms(self, tracking: Tracking, llm: LLMVendor) -> None:
        with openai.AzureOpenAI(
            api_key="k", azure_endpoint=llm.url, api_version="1", azure_deployment="m"
        ) as azure:
            azure.chat.completions.create(model="m", messages=ASK)
        with anthropic.AnthropicVertex(
            region="global", project_id="p", access_token="t", base_url=f"{llm.url}/v1"
        ) as vertex:
            vertex.messages.create(model="m", max_tokens=9, messages=ASK)
        providers = [row["metadata"]["gen_ai.provider.name"] for row in tracking.rows()]
        assert providers == ["azure.ai.openai", "gcp.vertex_ai"]

    def test_functions_of_the_module(
        self, tracking: Tracking, llm: LLMVendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with httpx.Client(base_url=llm.url) as http:
            monkeypatch.setattr(ollama.chat.__self__, "_client", http)  # type: ignore[attr-defined]
            ollama.chat("m", ASK)
        (row,) = tracking.rows()
        assert row["destination"] == "Ollama/127.0.0.1:chat"

    def test_a_page_that_sends_whenever_it_is_read(
        self, tracking: Tracking, llm: LLMVendor
    ) -> None:
        async def search() -> None:
            async with openai.AsyncOpenAI(api_key="k", base_url=f"{llm.url}/v1") as later:
                page = later.vector_stores.search("v", query=MAIL)
                assert llm.received == []
                await page
                async for _ in page:
                    pass

        asyncio.run(search())
        assert len(llm.received) == 2
        destination = "OpenAI/127.0.0.1:vector_stores.search"
        assert [row["destination"] for row in tracking.rows()] == [destination, destination]

    def test_what_the_application_sends_between_two_items_is_its_own(
        self, tracking: Tracking, llm: LLMVendor, client: openai.OpenAI
    ) -> None:
        with ollama.Client(llm.url) as made:
            for _ in made.chat("m", ASK, stream=True):
                requests.post(f"{llm.url}/v1/moderations", json={"mail": MAIL})
        for _ in client.chat.completions.create(model="m", messages=ASK, stream=True):
            requests.post(f"{llm.url}/v1/moderations", json={"mail": MAIL})
        assert [row["destination"] for row in tracking.rows()] == [
            "Ollama/127.0.0.1:chat",
            "POST 127.0.0.1/v1/moderations",
            "OpenAI/127.0.0.1:chat.completions.create",
            "POST 127.0.0.1/v1/moderations",
        ]

    def test_what_a_function_sends_that_the_model_calls_is_its_own(
        self, tracking: Tracking, llm: LLMVendor
    ) -> None:
        """google-genai runs the application's functions inside its own call."""
        call = {"functionCall": {"name": "look_up", "args": {"mail": MAIL}}}
        content = {"role": "model", "parts": [call]}
        llm.answers.append({"candidates": [{"content": content, "finishReason": "STOP"}]})

        def look_up(mail: str) -> str:
            requests.post(f"{llm.url}/v1/moderations", json={"mail": mail})
            return "found"

        options = types.HttpOptions(base_url=llm.url)
        with genai.Client(api_key="k", http_options=options) as made:
            config = types.GenerateContentConfig(tools=[look_up])
            made.chats.create(model="m", config=config).send_message(f"Look up {MAIL}")
        assert [row["destination"] for row in tracking.rows()] == [
            "Google/127.0.0.1:models.generate_content",
            "POST 127.0.0.1/v1/moderations",
            "Google/127.0.0.1:models.generate_content",
        ]


@pytest.mark.usefixtures("ann")
class TestHarmlessness:
    """One event for a call, and the call as it would have been."""

    def test_retries_are_one_event(
        self, tracking: Tracking, llm: LLMVendor, client: openai.OpenAI
    ) -> None:
        llm.failures = 1
        client.embeddings.create(model="m", input=MAIL)
        assert (len(llm.received), len(tracking.rows())) == (2, 1)

    def test_errors_pass_unchanged(self, tracking: Tracking) -> None:
        options: Any = {"api_key": "k", "base_url": "http://127.0.0.1:1/v1", "max_retries": 0}
        with openai.OpenAI(**options) as made, pytest.raises(openai.APIConnectionError):
            made.chat.completions.create(model="m", messages=ASK)
        with ollama.Client("http://127.0.0.1:1") as local, pytest.raises(httpx.ConnectError):
            next(iter(local.chat("m", ASK, stream=True)))
        assert [row["outcome"] for row in tracking.rows()] == ["failed", "failed"]

    def test_wrong_calls_fail_as_ever(self, client: openai.OpenAI) -> None:
        with pytest.raises(TypeError, match="Missing required arguments"):
            client.chat.completions.create(model="m")  # type: ignore[call-overload]

    def test_calls_without_personal_data_are_none(
        self, tracking: Tracking, client: openai.OpenAI
    ) -> None:
        client.embeddings.create(model="m", input=["How much is the fish?"])
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
        assert tracking.rows() == []

    def test_clients_of_their_own_class_made_before_tracking(
        self, llm: LLMVendor, tmp_path: Any
    ) -> None:
        sst_otel.stop_tracking()

        class Own(openai.OpenAI):
            pass

        with Own(api_key="k", base_url=f"{llm.url}/v1") as made:
            chat = made.chat.completions
            with tracking_in(tmp_path) as tracked:
                sst_otel.tag(MAIL, "email", owner_id="1")
                chat.create(model="m", messages=ASK)
                (row,) = tracked.rows()
        assert row["destination"] == "OpenAI/127.0.0.1:chat.completions.create"

    def test_an_iterator_of_messages_is_the_sdks_to_read(
        self, tracking: Tracking, llm: LLMVendor, client: openai.OpenAI
    ) -> None:
        client.chat.completions.create(model="m", messages=iter(ASK))
        assert len(tracking.rows()) == 1
        assert MAIL.encode() in llm.received[0][1]


class TestSpans:
    """The event is on the span of the operation where there is one, and on no other."""

    def test_the_sdks_own_span(self, tracking: Tracking, llm: LLMVendor) -> None:
        provider, exporter = TracerProvider(), InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        over_http = HTTPX2ClientInstrumentor()
        over_http.instrument(tracer_provider=provider)
        sst_otel.tag(MAIL, "email", owner_id="1")
        try:
            with anthropic.Anthropic(
                api_key="k", base_url=llm.url, open_telemetry={"tracer_provider": provider}
            ) as made:
                made.messages.create(model="m", max_tokens=9, messages=ASK)

            async def ask() -> None:
                async with openai.AsyncOpenAI(api_key="k", base_url=f"{llm.url}/v1") as later:
                    await later.embeddings.create(model="m", input=MAIL)

            asyncio.run(ask())
        finally:
            over_http.uninstrument()
        spans = {span.name: span for span in exporter.get_finished_spans()}
        events = {name: [event.name for event in span.events] for name, span in spans.items()}
        own = next(name for name in spans if "messages" in name or name.startswith("chat"))
        first, _ = tracking.rows()
        assert events.pop(own) == ["sst.data.share"]
        assert first["span_id"] == format(spans[own].context.span_id, "016x")
        assert all(span.kind == SpanKind.CLIENT for span in spans.values())


def test_the_table_names_what_is_there() -> None:
    """Each class of the table has each of its methods, in one of the SDKs installed."""
    named: set[tuple[str, str]] = set()
    there: set[tuple[str, str]] = set()
    for resource in (resource for sdk in SDKS for resource in sdk.resources):
        try:
            spec = importlib.util.find_spec(resource.module)
        except ModuleNotFoundError:
            continue  # of another version
        if spec is None or not spec.origin:
            continue
        source = Path(spec.origin).read_text()
        if not re.search(rf"^class (Async)?{resource.owner}\b", source, re.M) and resource.owner:
            continue
        methods = {(resource.owner, method) for method in resource.methods}
        named |= methods
        there |= {pair for pair in methods if re.search(rf"\b{pair[1]}( =|\()", source)}
    assert len(there) > 100
    assert named - there == set()
