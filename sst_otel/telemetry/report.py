"""What of OpenTelemetry a tracked process really has, for ``sst-otel doctor`` in another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry import _logs, metrics, propagate, trace

from sst_otel.patching import Patches
from sst_otel.telemetry import exporters
from sst_otel.telemetry.propagator import Fence

_EXPORT = ".export"
_API = ("opentelemetry.trace", "opentelemetry.metrics", "opentelemetry._logs")


def report(patches: Iterable[Patches]) -> dict[str, Any]:
    """Return which providers are there, whose exports are redacted, and what is propagated.

    ``providers``: signal → whether something other than the API's stand-in is set.
    ``exporters``: classes that get copies without personal values. ``propagates``: headers.
    ``fenced``: whether entries of ours are kept from hosts that are not trusted.
    """
    textmap = propagate.get_global_textmap()
    wrapped = (name for one in patches if one.place == exporters.PLACE for name in one.installed)
    return {
        "providers": _providers(),
        "exporters": sorted(
            {
                name.rpartition(":")[2].removesuffix(_EXPORT)
                for name in wrapped
                if name.endswith(_EXPORT)
            }
        ),
        "propagates": sorted(textmap.fields),
        "fenced": isinstance(textmap, Fence),
    }


def _providers() -> Mapping[str, bool]:
    set_ones = {
        "traces": trace.get_tracer_provider(),
        "metrics": metrics.get_meter_provider(),
        "logs": _logs.get_logger_provider(),
    }
    return {signal: not _is_stand_in(provider) for signal, provider in set_ones.items()}


def _is_stand_in(provider: object) -> bool:
    """Whether it is what the API has until a provider is set."""
    return type(provider).__module__.startswith(_API)
