"""Exporters that a vendor's SDK brings for its own product: what they send is a share, as it is.

Told by where they send to (an organisation of the register whose business is to watch language
models, or a path that is a product's own, where one hosts it oneself), and by whose code made them.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from functools import lru_cache
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

PACKAGES = frozenset({"langfuse", "langsmith", "arize", "phoenix", "traceloop"})
"""Top-level modules of such SDKs."""
PURPOSE = "llm-observability"
"""Of such an organisation, in the recipient register."""
_PATHS = ("/api/public/otel",)
"""Langfuse's, wherever it is hosted: https://langfuse.com/integrations/native/opentelemetry."""
_FRAMES = 12
"""Callers that are asked: a processor may be some constructors deep in an SDK."""


class Vendors:
    """Knows whose exporters are. ``purpose_of(host, path)`` asks the recipient register."""

    def __init__(self, purpose_of: Callable[[str, str], str]) -> None:
        self._theirs: dict[int, weakref.ref[Any]] = {}
        self._goes_to_one = lru_cache(maxsize=256)(
            lambda endpoint: _is_product(endpoint, purpose_of)
        )

    def note(self, exporter: Any, processor: Any) -> None:
        """Note that a processor is being made with an exporter, by the code that is running."""
        if _package(type(processor)) in PACKAGES or _is_called_by_one():
            key = id(exporter)
            self._theirs[key] = weakref.ref(exporter, lambda _: self._theirs.pop(key, None))

    def is_theirs(self, exporter: Any) -> bool:
        """Whether an exporter is a vendor's for its own product."""
        if any(_package(kind) in PACKAGES for kind in type(exporter).__mro__):
            return True
        endpoint = getattr(exporter, "_endpoint", None)
        if type(endpoint) is str and self._goes_to_one(endpoint):
            return True
        known = self._theirs.get(id(exporter))
        return known is not None and known() is exporter


def _is_product(endpoint: str, purpose_of: Callable[[str, str], str]) -> bool:
    url = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
    if any(url.path.startswith(path) for path in _PATHS):
        return True
    return purpose_of(url.hostname or "", url.path) == PURPOSE


def _is_called_by_one() -> bool:
    frame: FrameType | None = sys._getframe(2)
    for _ in range(_FRAMES):
        if frame is None:
            return False
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] in PACKAGES:
            return True
        frame = frame.f_back
    return False


def _package(kind: type) -> str:
    return str(kind.__module__).partition(".")[0]
