"""The ``sst`` entry point of ``opentelemetry-instrument``: installed is enough."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field, fields, make_dataclass
from typing import Any

from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]
    BaseInstrumentor,
)

from sst_otel import tracker
from sst_otel.settings import Settings, load_settings

_UNKNOWN = "unknown_options"
_NAMES = tuple(item.name for item in fields(Settings))


def _keep(self: Any, **options: Any) -> None:
    """Keep all options, also those that are none: a dataclass that raises would be left out.

    OpenTelemetry would log its traceback and start us without any option (0.66).
    """
    for name in _NAMES:
        setattr(self, name, options.pop(name, None))
    setattr(self, _UNKNOWN, options or None)


Configuration = make_dataclass(
    "Configuration",
    [(name, Any, field(default=None)) for name in (*_NAMES, _UNKNOWN)],
    init=False,
    namespace={"__init__": _keep, "__doc__": "What a configuration file may say of us: settings."},
)


class SstInstrumentor(BaseInstrumentor):  # type: ignore[misc, unused-ignore]
    """Starts tracking. Never raises: an error here would stop other instrumentations (1.45).

    Options of :meth:`instrument` are settings; as with a file, the environment wins over them.
    """

    configuration = Configuration
    """Read by OpenTelemetry's declarative configuration."""

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return nothing: each source and sink waits for its own library."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        options = {name: value for name, value in kwargs.items() if name not in _OTEL_OPTIONS}
        options.update(options.pop(_UNKNOWN, None) or {})
        tracker.start_quietly(lambda: load_settings(options=options or None))

    def _uninstrument(self, **kwargs: Any) -> None:
        del kwargs
        tracker.stop()


_OTEL_OPTIONS = frozenset(
    {"skip_dep_check", "raise_exception_on_conflict", "tracer_provider", "meter_provider"}
)
