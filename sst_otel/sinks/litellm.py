"""litellm, one interface to the models of all vendors: its functions, and its router.

It sends by openai's SDK, httpx or aiohttp. The outermost function names a call, whatever it goes
by: ``LiteLLM/OpenAI:completion``. The vendor stands before the model (``groq/llama-3``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sst_otel.sinks.llm_rows import Sdk, managers, rows

_PROVIDERS = {
    "anthropic": "anthropic",
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "azure_text": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "deepseek": "deepseek",
    "gemini": "gcp.gemini",
    "groq": "groq",
    "huggingface": "hugging_face",
    "mistral": "mistral_ai",
    "ollama": "ollama",
    "ollama_chat": "ollama",
    "openai": "openai",
    "perplexity": "perplexity",
    "sagemaker": "aws.sagemaker",
    "text-completion-openai": "openai",
    "vertex_ai": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}
"""litellm's word for a vendor → ``gen_ai.provider.name``."""

_CORE = """
    chat - completion
    text_completion - text_completion
    embeddings - embedding
"""
_TABLE = f"""
main:
{_CORE}
:
{_CORE}
    chat - responses compact_responses anthropic_messages anthropic_messages_handler
    - - image_generation image_edit image_variation
    - - video_generation video_remix video_edit video_extension
    - - moderation transcription speech rerank search decisions ocr
    - - create_batch create_file create_assistants create_thread _add_message
    chat - run_thread run_thread_stream
anthropic_interface.messages:
    chat messages. create
google_genai.main:
    generate_content - generate_content generate_content_stream
interactions.main:
    chat interactions. create
rag.main:
    - rag. ingest query
vector_stores.main:
    - vector_stores. create search update
"""
LITELLM = Sdk(
    "LiteLLM",
    "",
    rows("litellm", _TABLE),
    managers(
        "litellm.litellm_core_utils.streaming_handler:CustomStreamWrapper.fetch_sync_stream",
        "litellm.litellm_core_utils.streaming_handler:CustomStreamWrapper.fetch_stream",
    ),
    (
        ("litellm.router", "Router.function_with_fallbacks"),
        ("litellm.router", "Router.async_function_with_fallbacks"),
    ),
)


def vendor_of(given: Mapping[str, Any]) -> str:
    """Return ``gen_ai.provider.name`` of a call, ``""`` where its arguments do not say it."""
    return _PROVIDERS.get(word_of(given), "")


def word_of(named: Mapping[str, Any], given: Sequence[Any] = ()) -> str:
    """Return litellm's word for the vendor a call is for, ``""`` where its arguments do not."""
    named_so = named.get("custom_llm_provider")
    if type(named_so) is str:
        return named_so
    model = named.get("model", given[0] if given else None)
    return model.partition("/")[0] if type(model) is str and "/" in model else ""
