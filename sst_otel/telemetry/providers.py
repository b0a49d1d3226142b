"""Gives every provider our processors, once: the one there is, and each that is made or used later.

Whoever makes it (the stock distro, another configurator, logfire, the application by hand), a
provider of the SDK is made by its class; one that was made before us and is set or handed on later
is asked for a tracer or logger. Nothing of the SDK is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry import _logs, trace

from sst_otel.beside import watching
from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.scope import on_first_datum
from sst_otel.tagging import Tagger
from sst_otel.telemetry.in_play import InPlay
from sst_otel.telemetry.processors import LOGS, SPANS

_PLACE = "telemetry.providers"
_OURS = "_sst_processor"
"""On a provider that has ours."""


def install(tagger: Tagger) -> Patches:
    """Have what is in play put on spans and log records."""
    patches = Patches(_PLACE)
    in_play = InPlay(tagger)
    for stamp in (SPANS, LOGS):
        stamp.in_play = in_play
    on_first_datum.append(SPANS.first)
    patches.on_undo(_switch_off)
    for module, provider, asked, give in (
        ("opentelemetry.sdk.trace", "TracerProvider", "get_tracer", _to_tracers),
        ("opentelemetry.sdk._logs", "LoggerProvider", "get_logger", _to_loggers),
    ):
        for method in ("__init__", asked):
            patches.wrap(module, f"{provider}.{method}", watching(_PLACE, give), optional=True)
    with guard(_PLACE):
        _to_tracers(_actual(trace.get_tracer_provider()))
        _to_loggers(_actual(_logs.get_logger_provider()))
    return patches


def _switch_off() -> None:
    SPANS.in_play = LOGS.in_play = None
    if SPANS.first in on_first_datum:
        on_first_datum.remove(SPANS.first)


def _actual(provider: Any) -> Any:
    """Return the provider that one of logfire's stands for; the same where it is no such thing."""
    inner = getattr(provider, "provider", None)
    return provider if inner is None else inner


def _to_tracers(provider: Any, *_: Any) -> None:
    _give(provider, "add_span_processor", SPANS)


def _to_loggers(provider: Any, *_: Any) -> None:
    if not _give(provider, "add_log_record_processor", LOGS):
        return
    together = getattr(provider, "_multi_log_record_processor", None)
    held = getattr(together, "_log_record_processors", None)
    if type(held) is tuple and any(one is LOGS for one in held):
        # Before those that export a record at once: what they send is to have it.
        others = tuple(one for one in held if one is not LOGS)
        together._log_record_processors = (LOGS, *others)  # type: ignore[union-attr]


def _give(provider: Any, method: str, processor: object) -> bool:
    """Give a provider a processor; False where it has it, or takes none."""
    add: Callable[[Any], None] | None = getattr(provider, method, None)
    held: Mapping[str, Any] | None = getattr(provider, "__dict__", None)
    if add is None or held is None or _OURS in held:
        return False
    add(processor)
    setattr(provider, _OURS, True)
    return True
