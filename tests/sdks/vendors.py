"""Every vendor on loopback, by its real name: one TLS server, and names that lead to it.

Names are looked up in this process alone; SDKs, their HTTP libraries and TLS are what they are
everywhere. Any other name cannot be resolved, so nothing leaves the machine.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from examples.stand_in.authority import issue

_IDLE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it reached a vendor."""

    host: str
    method: str
    path: str
    body: bytes


class Vendors:
    """The running server; ``answers``: host → what it answers, see ``sdks.yaml``."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
        authority, context = issue(answers, folder)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.answers = answers
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        trusted = str(authority)
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            os.environ[name] = trusted
        import certifi

        certifi.where = lambda: trusted  # some SDKs read this file and no setting
        self._lead_here(frozenset(answers))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def arrived(self) -> list[Arrival]:
        """Return what has come since this was asked last."""
        with self._server.lock:
            arrivals, self._server.arrivals = self._server.arrivals, []
        return arrivals

    def _lead_here(self, hosts: frozenset[str]) -> None:
        found = socket.getaddrinfo

        def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            name = host.decode() if isinstance(host, bytes) else host
            if name in hosts:
                return found("127.0.0.1", self.port, *args, **kwargs)
            if name in ("127.0.0.1", "localhost", None):
                return found(host, port, *args, **kwargs)
            raise socket.gaierror(socket.EAI_NONAME, "there is no such vendor here")

        socket.getaddrinfo = getaddrinfo


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    answers: Mapping[str, Mapping[str, Any]]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.lock = threading.Lock()
        self.arrivals: list[Arrival] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = _IDLE_SECONDS

    def _serve(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0]
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.arrivals.append(Arrival(host, self.command, self.path, body))
        given = self.server.answers[host]
        content = json.dumps(given.get("body", {})).encode()
        self.send_response(given.get("status", 200))
        for name, value in given.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def log_message(self, format: str, *args: Any) -> None:
        pass
