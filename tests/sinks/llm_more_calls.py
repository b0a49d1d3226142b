"""The SDKs of the other vendors: what is called, and what the share is named."""

from __future__ import annotations

import cohere
import groq
import huggingface_hub
import ollama
from mistralai.client import Mistral

from tests.sinks.llm_calls import ASK, PROMPT, Calls


def _groq(url: str) -> groq.Groq:
    return groq.Groq(api_key="k", base_url=url, max_retries=1)


def _groq_async(url: str) -> groq.AsyncGroq:
    return groq.AsyncGroq(api_key="k", base_url=url)


GROQ: Calls = {
    "chat": (
        _groq,
        lambda c: c.chat.completions.create(model="m", messages=ASK),
        "chat.completions.create",
    ),
    "streaming": (
        _groq,
        lambda c: c.chat.completions.create(model="m", messages=ASK, stream=True),
        "chat.completions.create",
    ),
    "async": (
        _groq_async,
        lambda c: c.chat.completions.create(model="m", messages=ASK),
        "chat.completions.create",
    ),
    "embeddings": (
        _groq,
        lambda c: c.embeddings.create(model="m", input=PROMPT),
        "embeddings.create",
    ),
}


def _mistral(url: str) -> Mistral:
    return Mistral(api_key="k", server_url=url)


MISTRAL: Calls = {
    "chat": (_mistral, lambda c: c.chat.complete(model="m", messages=ASK), "chat.complete"),
    "stream": (
        _mistral,
        lambda c: c.chat.stream(model="m", messages=ASK),
        "chat.stream",
    ),
    "async": (
        _mistral,
        lambda c: c.chat.complete_async(model="m", messages=ASK),
        "chat.complete",
    ),
    "async stream": (
        _mistral,
        lambda c: c.chat.stream_async(model="m", messages=ASK),
        "chat.stream",
    ),
    "embeddings": (
        _mistral,
        lambda c: c.embeddings.create(model="m", inputs=[PROMPT]),
        "embeddings.create",
    ),
}


def _cohere(url: str) -> cohere.Client:
    return cohere.Client(api_key="k", base_url=url)


def _cohere_2(url: str) -> cohere.ClientV2:
    return cohere.ClientV2(api_key="k", base_url=url)


def _cohere_async(url: str) -> cohere.AsyncClientV2:
    return cohere.AsyncClientV2(api_key="k", base_url=url)


COHERE: Calls = {
    "chat": (_cohere, lambda c: c.chat(message=PROMPT), "chat"),
    "chat_stream": (_cohere, lambda c: c.chat_stream(message=PROMPT), "chat_stream"),
    "embed": (
        _cohere,
        lambda c: c.embed(texts=[PROMPT], model="m", embedding_types=["float"]),
        "embed",
    ),
    "rerank": (_cohere, lambda c: c.rerank(query="?", documents=[PROMPT]), "rerank"),
    "v2 chat": (_cohere_2, lambda c: c.chat(model="m", messages=ASK), "chat"),
    "v2 chat_stream": (
        _cohere_2,
        lambda c: c.chat_stream(model="m", messages=ASK),
        "chat_stream",
    ),
    "v2 embed": (
        _cohere_2,
        lambda c: c.embed(
            texts=[PROMPT], model="m", input_type="search_query", embedding_types=["float"]
        ),
        "embed",
    ),
    "v2 rerank": (
        _cohere_2,
        lambda c: c.rerank(model="m", query="?", documents=[PROMPT]),
        "rerank",
    ),
    "async": (_cohere_async, lambda c: c.chat(model="m", messages=ASK), "chat"),
    "async stream": (
        _cohere_async,
        lambda c: c.chat_stream(model="m", messages=ASK),
        "chat_stream",
    ),
}


def _ollama(url: str) -> ollama.Client:
    return ollama.Client(host=url)


def _ollama_async(url: str) -> ollama.AsyncClient:
    return ollama.AsyncClient(host=url)


OLLAMA: Calls = {
    "chat": (_ollama, lambda c: c.chat("m", ASK), "chat"),
    "stream": (_ollama, lambda c: c.chat("m", ASK, stream=True), "chat"),
    "message": (
        _ollama,
        lambda c: c.chat("m", [ollama.Message(role="user", content=PROMPT)]),
        "chat",
    ),
    "generate": (_ollama, lambda c: c.generate("m", PROMPT), "generate"),
    "embed": (_ollama, lambda c: c.embed("m", PROMPT), "embed"),
    "async": (_ollama_async, lambda c: c.chat("m", ASK), "chat"),
    "async stream": (_ollama_async, lambda c: c.chat("m", ASK, stream=True), "chat"),
}


def _hf(url: str) -> huggingface_hub.InferenceClient:
    return huggingface_hub.InferenceClient(base_url=url, api_key="k")


def _hf_async(url: str) -> huggingface_hub.AsyncInferenceClient:
    return huggingface_hub.AsyncInferenceClient(base_url=url, api_key="k")


HUGGING_FACE: Calls = {
    "chat": (_hf, lambda c: c.chat_completion(ASK), "chat_completion"),
    "chat, as openai": (
        _hf,
        lambda c: c.chat.completions.create(messages=ASK),
        "chat_completion",
    ),
    "chat, streaming": (
        _hf,
        lambda c: c.chat_completion(ASK, stream=True),
        "chat_completion",
    ),
    "async": (_hf_async, lambda c: c.chat_completion(ASK), "chat_completion"),
    "async streaming": (
        _hf_async,
        lambda c: c.chat_completion(ASK, stream=True),
        "chat_completion",
    ),
    "generation": (
        lambda url: huggingface_hub.InferenceClient(f"{url}/generation"),
        lambda c: c.text_generation(PROMPT),
        "text_generation",
    ),
    "features": (
        lambda url: huggingface_hub.InferenceClient(f"{url}/features"),
        lambda c: c.feature_extraction(PROMPT),
        "feature_extraction",
    ),
}
