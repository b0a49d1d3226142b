"""Every row of the table of language models' SDKs, and how each is called by its own signature."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, nullcontext, suppress
from typing import Any, NamedTuple

import anthropic
import cohere
import groq
import httpx
import huggingface_hub
import ollama
import openai
import pytest
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials
from huggingface_hub.hf_api import InferenceProviderMapping
from huggingface_hub.inference._providers import PROVIDERS
from huggingface_hub.inference._providers._common import HARDCODED_MODEL_INFERENCE_MAPPING
from mistralai.client import Mistral

from sst_otel.sinks.llm_sdks import SDKS
from tests.sinks.llm_arguments import given


class Row(NamedTuple):
    """One method of the table that is there in the SDK installed."""

    sdk: str
    module: str
    owner: str
    """The class; empty for functions of the module."""
    method: str
    operation: str

    @property
    def later(self) -> bool:
        """Whether it is the method of an asynchronous client."""
        return self.owner.startswith("Async") or self.method.endswith("_async")

    @property
    def holder(self) -> Any:
        """The class that has the method, or the module."""
        module = importlib.import_module(self.module)
        return getattr(module, self.owner) if self.owner else module


def rows() -> Iterator[Row]:
    """Yield a row for every method that is there, of both clients."""
    for sdk in SDKS:
        for resource in sdk.resources:
            try:
                module = importlib.import_module(resource.module)
            except ModuleNotFoundError:
                continue  # of another version
            for owner in (resource.owner, f"Async{resource.owner}") if resource.owner else ("",):
                kind = vars(module).get(owner) if owner else module
                if kind is None or (owner and kind.__module__ != module.__name__):
                    continue
                for method in resource.methods:
                    operation = resource.prefix + method.removeprefix("_")
                    for name in (method, f"{method}_async"):
                        if hasattr(kind, name):
                            yield Row(sdk.name, resource.module, owner, name, operation)


class _Here(httpx.HTTPTransport):
    """Brings every request to the loopback vendor, for whatever host it is."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = httpx.URL(url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = _here(request.url, self.url)
        return super().handle_request(request)


class _HereAsync(httpx.AsyncHTTPTransport):
    """The same of an asynchronous client."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = httpx.URL(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = _here(request.url, self.url)
        return await super().handle_async_request(request)


def _here(asked: httpx.URL, url: httpx.URL) -> httpx.URL:
    return asked.copy_with(scheme=url.scheme, host=url.host, port=url.port)


def _google(row: Row, bench: Bench) -> genai.Client:
    options = types.HttpOptions(base_url=bench.url)
    if row.operation not in ON_VERTEX:
        return genai.Client(api_key="k", http_options=options)
    who = Credentials("token")  # type: ignore[no-untyped-call]
    return genai.Client(
        vertexai=True, project="p", location="l", credentials=who, http_options=options
    )


def _cohere(row: Row, bench: Bench) -> Any:
    name = row.owner.replace("Base", "").replace("Cohere", "Client").replace("V2Client", "ClientV2")
    return getattr(cohere, name)(api_key="k", base_url=bench.url)


def _ollama(row: Row, bench: Bench) -> Any:
    transport = (_HereAsync if row.later else _Here)(bench.url)
    kind = ollama.AsyncClient if row.later else ollama.Client
    return kind(host=bench.url, headers={"Authorization": "Bearer k"}, transport=transport)


def _hugging_face(row: Row, bench: Bench) -> Any:
    kind = huggingface_hub.AsyncInferenceClient if row.later else huggingface_hub.InferenceClient
    if row.operation not in BY_OTHERS:
        return kind(api_key="k")
    task = row.operation.replace("_", "-")
    names = {"hf_model_id": "m", "providerId": "m", "provider": "replicate"}
    model = InferenceProviderMapping(status="live", task=task, **names)  # type: ignore[no-untyped-call]
    bench.patch.setitem(HARDCODED_MODEL_INFERENCE_MAPPING["replicate"], "m", model)
    bench.patch.setattr(PROVIDERS["replicate"][task], "base_url", bench.url)
    return kind(provider="replicate", api_key="k")


def _of(sync: Any, later: Any, root: str = "") -> Callable[[Row, Bench], Any]:
    return lambda row, bench: (later if row.later else sync)(
        api_key="k", base_url=bench.url + root, max_retries=0
    )


CLIENTS: dict[str, Callable[[Row, Bench], Any]] = {
    "OpenAI": _of(openai.OpenAI, openai.AsyncOpenAI, "/v1"),
    "Groq": _of(groq.Groq, groq.AsyncGroq),
    "Anthropic": _of(anthropic.Anthropic, anthropic.AsyncAnthropic),
    "Google": _google,
    "Mistral AI": lambda _, bench: Mistral(api_key="k", server_url=bench.url),
    "Cohere": _cohere,
    "Ollama": _ollama,
    "Hugging Face": _hugging_face,
}
ON_VERTEX = frozenset(
    f"models.{name}"
    for name in ("compute_tokens", "edit_image", "generate_images", "generate_videos")
)
"""What Google's SDK does on its cloud alone."""
BY_OTHERS = frozenset({"text_to_video"})
"""What Hugging Face itself does not do."""
AS_IMAGES = frozenset({"text_to_image", "image_to_image"})
"""What Hugging Face's SDK answers with an image of Pillow's, which is not installed."""


class Bench:
    """The SDKs' clients for one address, each made once: a TLS context takes longer than a call."""

    def __init__(self, url: str) -> None:
        self.url: str = url
        self.patch = pytest.MonkeyPatch()
        self.loop = asyncio.new_event_loop()
        self.made: dict[Any, Any] = {}
        self.stack = AsyncExitStack()

    def close(self) -> None:
        self.patch.undo()
        self.loop.run_until_complete(self.stack.aclose())
        self.loop.close()

    def call(self, row: Row) -> None:
        """Call the method with a text of Ann's, and read all of what it streams."""
        method = getattr(self._instance(row), row.method)
        arguments = given(row.sdk, row.operation, getattr(row.holder, row.method))
        if row.sdk == "Hugging Face":
            own = f"{self.url}/{row.operation}"
            arguments["model"] = "m" if row.operation in BY_OTHERS else own
        with suppress(ImportError) if row.operation in AS_IMAGES else nullcontext():
            if row.later:
                self.loop.run_until_complete(_read_async(method(**arguments)))
            else:
                _read(method(**arguments))

    def _instance(self, row: Row) -> Any:
        """Return the resource of a client that has the method, or the module."""
        client = self._client(row)
        if not row.owner:
            default = row.holder.chat.__self__
            self.patch.setattr(default, "_client", client._client)
            return row.holder
        if row.sdk == "Google":
            return getattr(client.aio if row.later else client, row.operation.split(".")[0])
        if row.sdk == "Mistral AI":
            return row.holder(client.sdk_configuration, parent_ref=client)
        return client if row.sdk in ("Cohere", "Ollama", "Hugging Face") else row.holder(client)

    def _client(self, row: Row) -> Any:
        of_its_own = row.sdk == "Cohere" or row.operation in ON_VERTEX | BY_OTHERS
        place = (row.sdk, row.later, row.owner if of_its_own else "")
        if place not in self.made:
            client = self.made[place] = CLIENTS[row.sdk](row, self)
            if row.later:
                opened = self.stack.enter_async_context(getattr(client, "aio", client))
                self.loop.run_until_complete(opened)
            else:
                self.stack.enter_context(client)
        return self.made[place]


def _read(result: Any) -> None:
    with ExitStack() as stack:
        if hasattr(result, "__enter__"):
            result = stack.enter_context(result)
        for _ in result if hasattr(result, "__next__") else ():
            pass


async def _read_async(result: Any) -> None:
    if inspect.isawaitable(result):
        result = await result
    async with AsyncExitStack() as stack:
        if hasattr(result, "__aenter__"):
            result = await stack.enter_async_context(result)
        if hasattr(result, "__aiter__"):
            async for _ in result:
                pass
