"""The name of the service that shares."""

from __future__ import annotations

import os

from sst_otel.semconv import SERVICE_NAME


def service_name(configured: str) -> str:
    """Return the service's name: as set, as OpenTelemetry has it, or the program's."""
    if configured:
        return configured
    from opentelemetry import trace

    resource = getattr(trace.get_tracer_provider(), "resource", None)
    name = resource.attributes.get(SERVICE_NAME) if resource is not None else None
    if isinstance(name, str) and not name.startswith("unknown_service"):
        return name
    return os.environ.get("OTEL_SERVICE_NAME", "")
