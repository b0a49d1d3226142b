"""The ``sst`` entry point of ``opentelemetry-instrument``: installed is enough."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]
    BaseInstrumentor,
)

from sst_otel import tracker
from sst_otel.settings import load_settings


class SstInstrumentor(BaseInstrumentor):  # type: ignore[misc, unused-ignore]
    """Starts tracking. Never raises: an error here would stop other instrumentations (1.45)."""

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return nothing: each source and sink waits for its own library."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        options = {name: value for name, value in kwargs.items() if name not in _OTEL_OPTIONS}
        tracker.start_quietly(lambda: load_settings(overrides=options))

    def _uninstrument(self, **kwargs: Any) -> None:
        del kwargs
        tracker.stop()


_OTEL_OPTIONS = frozenset(
    {"skip_dep_check", "raise_exception_on_conflict", "tracer_provider", "meter_provider"}
)
