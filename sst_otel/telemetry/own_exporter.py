"""Where the application's own telemetry goes: that pipeline is ours, not a recipient (rule 11).

An exporter's call is told by two things together: OpenTelemetry's own suppression flag, which every
OTLP exporter sets, and an address that the environment names. Exporters that a vendor's SDK brings
for its own product set the flag too, but go elsewhere: those are shares. So is what goes to an
organisation of the recipient register, whoever named its address: a hosted backend is a recipient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from opentelemetry.instrumentation.utils import is_instrumentation_enabled

_VARIABLES = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
)
_DEFAULTS = frozenset({("localhost", 4317), ("localhost", 4318)})


def own_endpoints(
    environ: Mapping[str, str], is_somebodys: Callable[[str, str], bool]
) -> frozenset[tuple[str, int]]:
    """Return (host, port) of the OTLP endpoints in ``environ``, else of the specification.

    ``is_somebodys(host, path)``: whether another organisation is known to stand behind it.
    """
    found = set()
    for name in _VARIABLES:
        url = urlsplit(environ.get(name, ""))
        try:
            port = url.port
        except ValueError:
            continue
        if url.hostname and not is_somebodys(url.hostname, url.path):
            found.add((url.hostname, port or (443 if url.scheme == "https" else 80)))
    return frozenset(found) or _DEFAULTS


def is_own_export(host: str, port: int | None, endpoints: frozenset[tuple[str, int]]) -> bool:
    """Whether a running call is the application's own telemetry on its way."""
    return (host.lower(), port) in endpoints and not is_instrumentation_enabled()
