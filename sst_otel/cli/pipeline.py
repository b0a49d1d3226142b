"""Where OpenTelemetry is told to send, as its environment or its configuration file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from sst_otel.declarative import configuration

SIGNALS = ("traces", "metrics", "logs")
_SIGNAL_OF = {"tracer_provider": "traces", "meter_provider": "metrics", "logger_provider": "logs"}
_PROTOCOLS = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}
_OTLP = "otlp"
_PROPAGATORS = "OTEL_PROPAGATORS"
_DEFAULT_PROPAGATORS = "tracecontext,baggage"
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Exporters and propagators by the names of their entry points, or as the file has them."""

    exporters: Mapping[str, tuple[str, ...]]
    """For each of :data:`SIGNALS`; empty = not exported."""
    propagators: tuple[str, ...]
    """Empty = none."""
    of_file: bool
    """Whether the file says so: then OpenTelemetry reads none of the variables."""


def exporter_variable(signal: str) -> str:
    """Return the variable that names the exporters of a signal."""
    return f"OTEL_{signal.upper()}_EXPORTER"


def pipeline(environ: Mapping[str, str]) -> Pipeline:
    """Return what is in effect; raises ``ValueError`` for a file that is no configuration."""
    file = configuration(environ)
    if file is not None:
        exporters = {
            signal: tuple(_exporters(getattr(file, name, None)))
            for name, signal in _SIGNAL_OF.items()
        }
        return Pipeline(exporters, tuple(_in_file(file.propagator)), True)
    exporters = {
        signal: tuple(
            _with_protocol(name, signal, environ)
            for name in _listed(environ.get(exporter_variable(signal)) or _OTLP)  # the distro's
        )
        for signal in SIGNALS
    }
    names = _listed(environ.get(_PROPAGATORS) or _DEFAULT_PROPAGATORS)
    return Pipeline(exporters, tuple(names), False)


def ignored(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that are set, and not read as there is a file."""
    names = [_PROPAGATORS, *map(exporter_variable, SIGNALS), "OTEL_TRACES_SAMPLER"]
    return [name for name in names if environ.get(name)]


def _listed(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    return [] if _NONE in map(str.lower, names) else [name for name in names if name]


def _with_protocol(name: str, signal: str, environ: Mapping[str, str]) -> str:
    """Return the entry point that ``otlp`` stands for; the distro's protocol is gRPC."""
    if name != _OTLP:
        return name
    by_signal = environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL")
    protocol = (by_signal or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or "grpc").strip()
    return _PROTOCOLS.get(protocol, f"{_OTLP} by {protocol}")


def _exporters(model: Any) -> Iterator[str]:
    """Yield the exporters' names anywhere below a provider of the file."""
    if isinstance(model, list):
        for one in model:
            yield from _exporters(one)
    elif is_dataclass(model):
        for item in fields(model):
            value = getattr(model, item.name)
            yield from _keys(value) if item.name == "exporter" else _exporters(value)


def _in_file(propagator: Any) -> Iterator[str]:
    if propagator is not None:
        for one in propagator.composite or ():
            yield from _keys(one)
        yield from _listed(propagator.composite_list or "")


def _keys(model: Any) -> Iterator[str]:
    """Yield the keys that a mapping of the file has, also those its schema does not know."""
    for item in fields(model):
        if getattr(model, item.name) is not None:
            yield item.name.removesuffix("_development")
    yield from getattr(model, "additional_properties", None) or ()
