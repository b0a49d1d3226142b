"""Everything that an application's exporters send and print."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support import Vendor

KINDS: dict[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
}
_SIDES = ("SERVER_REQUEST", "SERVER_RESPONSE", "CLIENT_REQUEST", "CLIENT_RESPONSE")


@dataclass
class Telemetry:
    """What a collector got, by signal."""

    collector: Vendor

    def raw(self) -> dict[str, list[bytes]]:
        """Return the messages as they came, unpacked; texts in them are UTF-8."""
        found: dict[str, list[bytes]] = {path: [] for path in KINDS}
        for _, path, body in list(self.collector.received):
            found[path].append(plain(body))
        return found

    def texts(self) -> dict[str, str]:
        """Return the messages written out; what is not ASCII is escaped."""
        return {
            path: "\n".join(str(KINDS[path].FromString(body)) for body in bodies)
            for path, bodies in self.raw().items()
        }

    def environ(self) -> dict[str, str]:
        """Return what has an application export everything at once, here and to its console."""
        return {
            **{f"OTEL_{name}_EXPORTER": "otlp,console" for name in ("TRACES", "LOGS", "METRICS")},
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.collector.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_BLRP_SCHEDULE_DELAY": "50",
            "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup,database/dup",
            **{f"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_{side}": ".*" for side in _SIDES},
        }


def plain(body: bytes) -> bytes:
    """Return a body as it was before it was packed."""
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def console_of(log: str) -> str:
    """Return what the console exporters printed: the application speaks on the same line."""
    shown, inside = [], False
    for line in log.splitlines():
        inside = inside or line == "{"
        if inside:
            shown.append(line)
        inside = inside and line != "}"
    return "\n".join(shown)
