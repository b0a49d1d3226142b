"""Serve the measured site, a thread for each request; ``/_cpu`` tells the CPU time used so far.

``serve.py [--without-store] [--without-processors]``: prints its port. Without store the journal
writes nothing, so that what is left is all but durability. Without processors no span and no log
record is given to ours.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

if "--without-store" in sys.argv:
    from sst_otel.audit.outbox.journal import Journal

    Journal.append = lambda self, records: None  # type: ignore[assignment,method-assign]

if "--without-processors" in sys.argv:
    from opentelemetry._logs import get_logger_provider
    from opentelemetry.trace import get_tracer_provider

    from sst_otel.telemetry.processors import LOGS, SPANS

    for several, kept in (
        (get_tracer_provider()._active_span_processor, "_span_processors"),  # type: ignore[attr-defined]
        (get_logger_provider()._multi_log_record_processor, "_log_record_processors"),  # type: ignore[attr-defined]
    ):
        others = tuple(each for each in getattr(several, kept) if each not in (SPANS, LOGS))
        assert len(others) < len(getattr(several, kept)), "ours are not there"
        setattr(several, kept, others)

from checkout_site import app


class Handler(WSGIRequestHandler):
    """Log nothing; each answer ends its connection, as Werkzeug has it."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any, **__: Any) -> None:
        """Say nothing."""


def cpu_seconds() -> dict[str, float]:
    """Return the CPU seconds of the process, and of its background threads by name."""
    found = {"process": time.process_time()}
    for thread in threading.enumerate():
        if thread.name.startswith(("sst-", "Otel")):
            spent = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()[0]
            found[thread.name] = int(spent) / 1e9
    return found


def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer ``/_cpu`` ourselves, everything else is the site's."""
    if environ["PATH_INFO"] == "/_cpu":
        body = json.dumps(cpu_seconds()).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    return app(environ, start_response)


server = make_server("127.0.0.1", 0, site, threaded=True, request_handler=Handler)
print(server.server_port, flush=True)
server.serve_forever()
