"""litellm's core in Rust, which sends some calls itself: documents to be read, audio for Bedrock.

Nothing of Python is below it, so what leaves is told by the arguments. Which calls it takes hangs
on ``LITELLM_RUST`` and on a table of litellm's own; all others go by HTTP clients.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv
from sst_otel.patching import Patches
from sst_otel.shares import Call, Part
from sst_otel.sinks.http_message import port_of
from sst_otel.sinks.litellm import word_of
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.trees import plain
from sst_otel.sinks.wrapping import Args, Kwargs, async_door, door

_PLACE = "sink.litellm"
_MODULE = "litellm.rust_bridge.dispatch"
_HOSTS = {
    "anthropic": "api.anthropic.com",
    "mistral": "api.mistral.ai",
    "vertex_ai": "aiplatform.googleapis.com",
}
"""litellm's word for a vendor → where it is, unless ``api_base`` says otherwise."""
_NOT_SENT = frozenset({"api_key", "api_base", "timeout", "model", "custom_llm_provider"})


def install(emit: Outgoing) -> Patches:
    """Watch what litellm sends without an HTTP client of Python."""
    patches = Patches(_PLACE)
    patches.wrap(_MODULE, "PublicDispatch.run", door(_PLACE, emit, _call), optional=True)
    patches.wrap(_MODULE, "PublicDispatch.arun", async_door(_PLACE, emit, _call), optional=True)
    return patches


def _call(dispatch: Any, args: Args, kwargs: Kwargs) -> Call | None:
    """Describe ``run((model, …), {name: value}, python=…)``; None where Python sends it."""
    bridge = sys.modules[_MODULE]
    without = isinstance(kwargs.get("python"), bridge.runtime.NoPythonImplementation)
    if not without and not dispatch._requires_projection(bridge.catalog.RULES):
        return None
    given, named = args[0], args[1]
    url = urlsplit(_base(named, word_of(named, given)))
    content = {name: plain(value) for name, value in named.items() if name not in _NOT_SENT}
    return Call(
        kind=semconv.EXTERNAL_API,
        host=url.hostname or "",
        port=port_of(url),
        method="POST",
        path=url.path,
        parts=(Part("params", content), Part("arguments", [plain(value) for value in given])),
    )


def _base(named: Mapping[str, Any], vendor: str) -> str:
    """Return the URL a call goes to, as far as it is known."""
    said = named.get("api_base") or os.environ.get(f"{vendor.upper()}_API_BASE")
    if type(said) is str:
        return said
    if vendor == "bedrock":
        region = named.get("aws_region_name") or os.environ.get("AWS_REGION")
        return f"https://bedrock-runtime.{region}.amazonaws.com"
    return f"https://{_HOSTS.get(vendor, '')}"
