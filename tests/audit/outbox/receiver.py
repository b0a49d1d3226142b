"""A receiver of OTLP logs that answers as it is told, and keeps what it has taken."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from sst_otel.audit.otlp import attributes_of, record_of
from sst_otel.audit.records import GapRecord, OutcomeRecord, Record, ShareRecord

Answer = Callable[[list[Record], int], int]
"""Tells the status from the records of a request and the size of its body."""


def takes_all(_records: list[Record], _size: int) -> int:
    return 200


class StandIn:
    """What has arrived: ``records`` of requests answered 200, and ``headers`` of all."""

    def __init__(self) -> None:
        self.answer: Answer = takes_all
        self.records: list[Record] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.url = ""
        self._arrived = threading.Condition()

    def ids(self) -> list[str]:
        """Return the ids of the events that have arrived, in order of arrival."""
        with self._arrived:
            return [one.event_id for one in self.records if isinstance(one, ShareRecord)]

    def outcomes(self) -> list[OutcomeRecord]:
        with self._arrived:
            return [one for one in self.records if isinstance(one, OutcomeRecord)]

    def gaps(self) -> list[GapRecord]:
        with self._arrived:
            return [one for one in self.records if isinstance(one, GapRecord)]

    def wait_for(self, arrived: Callable[[StandIn], bool], seconds: float = 30.0) -> None:
        """Wait until what has arrived is enough."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: arrived(self), seconds)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        assert headers["Content-Type"] == "application/x-protobuf"
        records = read(gzip.decompress(body))
        with self._arrived:
            self.paths.append(path)
            self.headers.append(headers)
            status = self.answer(records, len(body))
            if status == 200:
                self.records += records
            self._arrived.notify_all()
        return status


def read(body: bytes) -> list[Record]:
    """Return the records of a request's body, in their order."""
    return [
        record_of(log, attributes_of(logs.resource.attributes))
        for logs in ExportLogsServiceRequest.FromString(body).resource_logs
        for scope in logs.scope_logs
        for log in scope.log_records
    ]


@contextmanager
def receiving() -> Iterator[StandIn]:
    """Give a receiver on loopback."""
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = stand_in.take(self.path, dict(self.headers.items()), body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", stand_in.url + "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
