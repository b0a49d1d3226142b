"""Every SDK of a language model in every mode: what is called, and what the share is named."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import anthropic
import httpx2
import openai
from google import genai
from google.genai import types

from tests.sinks.llm_fixtures import MAIL

PROMPT = f"Write to {MAIL}, please."
ASK: list[Any] = [{"role": "user", "content": PROMPT}]


Make: TypeAlias = Callable[[str], Any]
Use: TypeAlias = Callable[[Any], Any]
Calls: TypeAlias = dict[str, tuple[Make, Use, str]]
"""Mode → what makes a client for a URL, what is done with it, the operation of the share."""


def run(make: Make, use: Use, url: str) -> None:
    """Use a client, read all of what it streams, and close it."""
    client = make(url)
    result = use(client)
    if inspect.isawaitable(result) or hasattr(result, "__aiter__"):
        asyncio.run(_finish(client, result))
        return
    with client:
        for _ in result if hasattr(result, "__next__") else ():
            pass


async def _finish(client: Any, result: Any) -> None:
    async with getattr(client, "aio", client):
        if inspect.isawaitable(result):
            result = await result
        if hasattr(result, "__aiter__"):
            async for _ in result:
                pass


def _openai(url: str) -> openai.OpenAI:
    return openai.OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=1)


def _openai_async(url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=1)


def _azure(url: str) -> openai.AzureOpenAI:
    return openai.AzureOpenAI(
        api_key="k", azure_endpoint=url, api_version="1", azure_deployment="m"
    )


def _streams(manager: Any) -> None:
    with manager as stream:
        stream.until_done()


async def _streams_async(manager: Any) -> None:
    async with manager as stream:
        await stream.until_done()


def _streamed_response(client: openai.OpenAI) -> None:
    chat = client.chat.completions.with_streaming_response
    with chat.create(model="m", messages=ASK) as response:
        response.read()


OPENAI: Calls = {
    "responses": (
        _openai,
        lambda c: c.responses.create(model="m", input=PROMPT),
        "responses.create",
    ),
    "responses, instructions": (
        _openai,
        lambda c: c.responses.create(model="m", input="?", instructions=PROMPT),
        "responses.create",
    ),
    "responses, streaming": (
        _openai,
        lambda c: c.responses.create(model="m", input=PROMPT, stream=True),
        "responses.create",
    ),
    "responses, stream()": (
        _openai,
        lambda c: _streams(c.responses.stream(model="m", input=PROMPT)),
        "responses.stream",
    ),
    "responses, async": (
        _openai_async,
        lambda c: c.responses.create(model="m", input=PROMPT),
        "responses.create",
    ),
    "responses, async streaming": (
        _openai_async,
        lambda c: c.responses.create(model="m", input=PROMPT, stream=True),
        "responses.create",
    ),
    "responses, async stream()": (
        _openai_async,
        lambda c: _streams_async(c.responses.stream(model="m", input=PROMPT)),
        "responses.stream",
    ),
    "chat": (
        _openai,
        lambda c: c.chat.completions.create(model="m", messages=ASK),
        "chat.completions.create",
    ),
    "chat, streaming": (
        _openai,
        lambda c: c.chat.completions.create(model="m", messages=ASK, stream=True),
        "chat.completions.create",
    ),
    "chat, stream()": (
        _openai,
        lambda c: _streams(c.chat.completions.stream(model="m", messages=ASK)),
        "chat.completions.stream",
    ),
    "chat, raw response": (
        _openai,
        lambda c: c.chat.completions.with_raw_response.create(model="m", messages=ASK),
        "chat.completions.create",
    ),
    "chat, streaming response": (_openai, _streamed_response, "chat.completions.create"),
    "completions": (
        _openai,
        lambda c: c.completions.create(model="m", prompt=PROMPT),
        "completions.create",
    ),
    "embeddings": (
        _openai,
        lambda c: c.embeddings.create(model="m", input=[PROMPT]),
        "embeddings.create",
    ),
    "moderations": (
        _openai,
        lambda c: c.moderations.create(input=PROMPT),
        "moderations.create",
    ),
    "images": (_openai, lambda c: c.images.generate(prompt=PROMPT), "images.generate"),
    "speech": (
        _openai,
        lambda c: c.audio.speech.create(model="m", voice="v", input=PROMPT),
        "audio.speech.create",
    ),
    "transcriptions": (
        _openai,
        lambda c: c.audio.transcriptions.create(model="m", file=("a.wav", b"RIFF"), prompt=PROMPT),
        "audio.transcriptions.create",
    ),
    "files": (
        _openai,
        lambda c: c.files.create(file=("a.jsonl", PROMPT.encode()), purpose="batch"),
        "files.create",
    ),
    "azure": (
        _azure,
        lambda c: c.chat.completions.create(model="m", messages=ASK),
        "chat.completions.create",
    ),
}


def _anthropic(url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="k", base_url=url, max_retries=1)


def _anthropic_async(url: str) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(api_key="k", base_url=url, max_retries=1)


_CLAUDE: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": ASK}


def _bedrock(url: str) -> anthropic.AnthropicBedrock:
    return anthropic.AnthropicBedrock(
        aws_region="eu-central-1", aws_access_key="k", aws_secret_key="s", base_url=url
    )


def _vertex(url: str) -> anthropic.AnthropicVertex:
    return anthropic.AnthropicVertex(
        region="global", project_id="p", access_token="t", base_url=f"{url}/v1"
    )


ANTHROPIC: Calls = {
    "create": (_anthropic, lambda c: c.messages.create(**_CLAUDE), "messages.create"),
    "system": (
        _anthropic,
        lambda c: c.messages.create(
            model="m",
            max_tokens=9,
            messages=[{"role": "user", "content": "?"}],
            system=PROMPT,
        ),
        "messages.create",
    ),
    "streaming": (
        _anthropic,
        lambda c: c.messages.create(**_CLAUDE, stream=True),
        "messages.create",
    ),
    "stream()": (_anthropic, lambda c: _streams(c.messages.stream(**_CLAUDE)), "messages.stream"),
    "beta stream()": (
        _anthropic,
        lambda c: _streams(c.beta.messages.stream(**_CLAUDE)),
        "beta.messages.stream",
    ),
    "async": (
        _anthropic_async,
        lambda c: c.messages.create(**_CLAUDE),
        "messages.create",
    ),
    "async stream()": (
        _anthropic_async,
        lambda c: _streams_async(c.messages.stream(**_CLAUDE)),
        "messages.stream",
    ),
    "beta": (
        _anthropic,
        lambda c: c.beta.messages.create(**_CLAUDE),
        "beta.messages.create",
    ),
    "count_tokens": (
        _anthropic,
        lambda c: c.messages.count_tokens(model="m", messages=ASK),
        "messages.count_tokens",
    ),
    "bedrock": (
        _bedrock,
        lambda c: c.messages.create(**_CLAUDE),
        "messages.create",
    ),
    "vertex": (
        _vertex,
        lambda c: c.messages.create(**_CLAUDE),
        "messages.create",
    ),
}


def _google(url: str) -> genai.Client:
    return genai.Client(api_key="k", http_options=types.HttpOptions(base_url=url))


def _google_httpx(url: str) -> genai.Client:
    options = types.HttpOptions(
        base_url=url, async_client_args={"transport": httpx2.AsyncHTTPTransport()}
    )
    return genai.Client(api_key="k", http_options=options)


GOOGLE: Calls = {
    "generate": (
        _google,
        lambda c: c.models.generate_content(model="m", contents=PROMPT),
        "models.generate_content",
    ),
    "system": (
        _google,
        lambda c: c.models.generate_content(
            model="m",
            contents="?",
            config=types.GenerateContentConfig(system_instruction=PROMPT),
        ),
        "models.generate_content",
    ),
    "stream": (
        _google,
        lambda c: c.models.generate_content_stream(model="m", contents=PROMPT),
        "models.generate_content_stream",
    ),
    "embed": (
        _google,
        lambda c: c.models.embed_content(model="m", contents=[PROMPT]),
        "models.embed_content",
    ),
    "chat": (
        _google,
        lambda c: c.chats.create(model="m").send_message(PROMPT),
        "models.generate_content",
    ),
    "chat, stream": (
        _google,
        lambda c: c.chats.create(model="m").send_message_stream(PROMPT),
        "models.generate_content_stream",
    ),
    "async": (
        _google,
        lambda c: c.aio.models.generate_content(model="m", contents=PROMPT),
        "models.generate_content",
    ),
    "async stream": (
        _google,
        lambda c: c.aio.models.generate_content_stream(model="m", contents=PROMPT),
        "models.generate_content_stream",
    ),
    "async by httpx2": (
        _google_httpx,
        lambda c: c.aio.models.generate_content(model="m", contents=PROMPT),
        "models.generate_content",
    ),
    "async stream by httpx2": (
        _google_httpx,
        lambda c: c.aio.models.generate_content_stream(model="m", contents=PROMPT),
        "models.generate_content_stream",
    ),
}
