"""What many tests need: a loopback vendor, tracking over a temporary store, the events it wrote."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import sst_otel
from sst_otel import guard, tracker
from sst_otel.audit import open_reader

OPENAI_RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "output": [
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Save more.", "annotations": []}],
        }
    ],
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Save more."},
        }
    ],
}


@dataclass
class Vendor:
    """A loopback HTTP server that keeps what it received."""

    port: int
    received: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(method, path with query, body) in the order of arrival."""
    messages: SimpleQueue[tuple[str, str, bytes, dict[str, str]]] = field(
        default_factory=SimpleQueue
    )
    """The same with headers, for whoever waits for them."""
    redirects: dict[str, str] = field(default_factory=dict)
    """Path → URL that it answers 307 for."""
    failures: dict[str, int] = field(default_factory=dict)
    """Path → how often it still answers 503."""
    chunks: list[bytes] = field(default_factory=list)
    """Pieces of chunked bodies, as they arrive."""
    on_request: Callable[[], object] | None = None
    """Called when a request has begun to arrive."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def vendor_server() -> Iterator[Vendor]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if vendor.on_request is not None:
                vendor.on_request()
            if self.headers.get("Transfer-Encoding") == "chunked":
                body = b""
                while size := int(self.rfile.readline() or b"0", 16):  # or the client gave up
                    vendor.chunks.append(self.rfile.read(size))
                    body += vendor.chunks[-1]
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            vendor.received.append((self.command, self.path, body))
            vendor.messages.put((self.command, self.path, body, dict(self.headers)))
            path = self.path.partition("?")[0]
            answer = json.dumps(OPENAI_RESPONSE).encode()
            if vendor.failures.get(path, 0) > 0:
                vendor.failures[path] -= 1
                self.send_response(503)
            elif path in vendor.redirects:
                self.send_response(307)
                self.send_header("Location", vendor.redirects[path])
            else:
                self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            with suppress(ConnectionError):  # the client may have given up
                self.end_headers()
                self.wfile.write(answer)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket.listen(256)  # many threads connect at once
    vendor = Vendor(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Tracking:
    """Tracking that is on, and what it wrote."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def tracker(self) -> tracker.Tracker:
        running = tracker.running()
        assert running is not None
        return running

    def rows(self, **filters: Any) -> list[dict[str, Any]]:
        """Return the audit rows, oldest first."""
        running = self.tracker
        running.audit.flush()
        reader = open_reader(running.settings, running.keys)
        try:
            rows, _ = reader.audit_logs(viewer=None, limit=100_000, **filters)
        finally:
            reader.close()
        return rows[::-1]

    def shares(self, *, databases: bool = False) -> list[tuple[str, str, tuple[str, ...]]]:
        """Return ``(destination, owner id, sorted data types)`` of each row, oldest first."""
        return [
            (row["destination"], row["owner_id"], tuple(sorted(row["data_types"])))
            for row in self.rows()
            if databases or row["event_type"] != "database_write"
        ]

    def errors(self) -> dict[str, int]:
        return guard.error_counts()


@contextmanager
def tracking_in(directory: Path, **settings: Any) -> Iterator[Tracking]:
    guard.reset()
    settings.setdefault("key", "test-key-of-32-characters-length")
    settings.setdefault("lineage", "off")
    sst_otel.start_tracking(database_url=f"sqlite:///{directory / 'audit.db'}", **settings)
    try:
        yield Tracking(directory)
    finally:
        sst_otel.stop_tracking()
