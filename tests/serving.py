"""What stand-in servers on loopback have in common: a port, threads, and their end."""

from __future__ import annotations

import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

Handler = Callable[[Any, Any, Any], socketserver.BaseRequestHandler]


class StandIn(socketserver.ThreadingTCPServer):
    """A server on a free port; many threads may connect at once."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, handler: Handler) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what failed, but not that a client has left."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    """Run ``server`` until the block ends, then close it; gives its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class HttpHandler(BaseHTTPRequestHandler):
    """Answers HTTP/1.1 and says nothing of it."""

    protocol_version = "HTTP/1.1"

    def body(self, seen: Callable[[bytes], object] | None = None) -> bytes:
        """Read the request's body; ``seen`` is shown each chunk of a chunked one as it arrives."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):  # or the client left
            chunks.append(self.rfile.read(size))
            if seen is not None:
                seen(chunks[-1])
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def answer(self, content: bytes, status: int = 200, **headers: str) -> None:
        """Answer with ``content``; in names of ``headers`` an underscore stands for a hyphen."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
