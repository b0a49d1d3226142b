"""What many tests need: a loopback vendor, tracking over a temporary store, the events it wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import sst_otel
from sst_otel import guard, tracker
from sst_otel.audit import open_reader
from tests.serving import HttpHandler, StandIn, serving

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
    class Handler(HttpHandler):
        def do_GET(self) -> None:
            if vendor.on_request is not None:
                vendor.on_request()
            body = self.body(vendor.chunks.append)
            vendor.received.append((self.command, self.path, body))
            vendor.messages.put((self.command, self.path, body, dict(self.headers)))
            path = self.path.partition("?")[0]
            status, headers = 200, {"Content_Type": "application/json"}
            if vendor.failures.get(path, 0) > 0:
                vendor.failures[path] -= 1
                status = 503
            elif path in vendor.redirects:
                status, headers["Location"] = 307, vendor.redirects[path]
            with suppress(ConnectionError):  # the client may have given up
                self.answer(json.dumps(OPENAI_RESPONSE).encode(), status, **headers)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    with serving(StandIn(Handler)) as port:
        vendor = Vendor(port)
        yield vendor


class Tracking:
    """Tracking that is on, and what it wrote."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def tracker(self) -> tracker.Tracker:
        running = tracker.running()
        assert running is not None
        return running

    def sources(self) -> set[str]:
        """Return where all that has a provenance record came from: ``form_field:email``."""
        running = self.tracker
        running.audit.flush()
        reader = open_reader(running.settings, running.keys)
        try:
            found, _ = reader.provenance(viewer=None, limit=100_000)
        finally:
            reader.close()
        return {source for row in found for source in row["sources"]}

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


@contextmanager
def job_of(tracking: Tracking, mail: str) -> Iterator[None]:
    """Run a job of user 1, with an address in play; none of ours may have failed at its end."""
    with sst_otel.scope(1, name="job"):
        sst_otel.tag(mail, "email")
        yield
    assert tracking.errors() == {}
