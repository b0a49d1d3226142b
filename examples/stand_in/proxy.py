"""A loopback HTTP proxy that ends TLS itself and answers in the vendors' place.

Applications reach it by the usual variables alone (:meth:`StandIn.environ`). It has no code to
connect anywhere: what it does not know is answered with 502, so nothing leaves the machine.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from examples.stand_in.answers import VENDORS, answer
from examples.stand_in.authority import issue

PULSE = "/stand-in"
"""Origin-form path that the proxy itself answers, to tell that it is there."""
_IDLE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it reached a vendor."""

    host: str
    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class StandIn:
    """The running proxy; a context manager.

    ``folder`` receives the authority's certificate. What arrived is kept in memory, in order.
    """

    def __init__(self, folder: Path) -> None:
        self.authority_file, context = issue(VENDORS, folder)
        self._server = _Server(context)
        host, port = self._server.server_address[:2]
        self.url = f"http://{host!s}:{port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def arrivals(self) -> list[Arrival]:
        """What reached the vendors so far."""
        with self._server.lock:
            return list(self._server.arrivals)

    @property
    def refused(self) -> list[str]:
        """Hosts that were asked for and that nobody stands in for."""
        with self._server.lock:
            return list(self._server.refused)

    def environ(self) -> dict[str, str]:
        """Return the variables that put an application behind the proxy.

        ``REQUESTS_CA_BUNDLE`` is read by requests, ``SSL_CERT_FILE`` by httpx, httpx2 and OpenSSL.
        """
        authority = str(self.authority_file)
        local = "127.0.0.1,localhost,::1"
        return {
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), self.url),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), local),
            **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), authority),
        }

    def close(self) -> None:
        """Stop answering; open connections are cut."""
        self._server.shutdown()
        self._thread.join()
        self._server.cut_connections()
        self._server.server_close()

    def __enter__(self) -> StandIn:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def is_answering(url: str) -> bool:
    """Tell whether a stand-in, and not just anybody, answers at ``url``."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", PULSE)
        told = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return bool(told == {"stands_in_for": sorted(VENDORS)})


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = context
        self.lock = threading.Lock()
        self.arrivals: list[Arrival] = []
        self.refused: list[str] = []
        self.connections: set[socket.socket] = set()
        self.closing = False

    def cut_connections(self) -> None:
        with self.lock:
            self.closing = True
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = _IDLE_SECONDS
    vendor = ""
    """Host of the tunnel we are in; empty outside one."""

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections.add(self.connection)
            if self.server.closing:
                self.connection.shutdown(socket.SHUT_RDWR)

    def handle(self) -> None:
        # A client that hangs up in the middle is its own affair.
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        with self.server.lock:
            self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()
        self.connection.close()

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        if self.vendor or host not in VENDORS or port != "443":
            self._refuse(host)
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        plain = self.connection
        tunnel = self.server.context.wrap_socket(plain, server_side=True)
        with self.server.lock:
            self.server.connections.discard(plain)
            self.server.connections.add(tunnel)
        self.rfile.close()
        self.connection = tunnel
        self.rfile = tunnel.makefile("rb")
        self.wfile = tunnel.makefile("wb")
        self.vendor = host
        self.close_connection = False  # http.client asks for the tunnel in HTTP/1.0

    def _serve(self) -> None:
        if not self.vendor:
            if self.path == PULSE:
                self._send(200, {"stands_in_for": sorted(VENDORS)})
            else:
                self._refuse(urlsplit(self.path).hostname or self.path)
            return
        body = self._read_body()
        arrival = Arrival(
            self.vendor,
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        with self.server.lock:
            self.server.arrivals.append(arrival)
        given = answer(self.vendor, self.command, self.path, body)
        self._send(given.status, given.content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(pieces)

    def _refuse(self, host: str) -> None:
        with self.server.lock:
            self.server.refused.append(host)
        self.close_connection = True
        self._send(502, {"error": "nobody stands in for this host, and nothing is forwarded"})

    def _send(self, status: int, content: dict[str, object]) -> None:
        payload = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: request lines may hold what the demo must not print."""
