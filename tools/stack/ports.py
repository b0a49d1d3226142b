"""Where the parts of the stack listen, all on loopback."""

from __future__ import annotations

import socket
from dataclasses import dataclass, fields

from tools.stack.waiting import free_ports


@dataclass(frozen=True, slots=True)
class Ports:
    """A port for each; the defaults are those of the configuration files."""

    otlp_grpc: int = 4317
    """The collector's, for spans."""
    otlp_http: int = 4318
    audit: int = 4328
    """The collector's, for audit records."""
    collector_metrics: int = 8888
    collector_health: int = 13133
    jaeger: int = 16686
    """Its page and its API."""
    jaeger_grpc: int = 16685
    jaeger_otlp: int = 14317
    jaeger_health: int = 13134
    ingest: int = 8090
    postgres: int = 5433
    prometheus: int = 9090
    pages: int = 8765
    site: int = 5000

    @classmethod
    def free(cls) -> Ports:
        """Return ports that nobody listens on now."""
        names = [field.name for field in fields(cls)]
        return cls(**dict(zip(names, free_ports(len(names)), strict=True)))

    def taken(self) -> list[str]:
        """Return the names of those that somebody listens on: ``jaeger (16686)``."""
        found = []
        for field in fields(self):
            port = getattr(self, field.name)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    found.append(f"{field.name} ({port})")
        return found
