"""``sst-otel serve``: the pages for staff, of any application, on a server of their own."""

from __future__ import annotations

import argparse
import ipaddress
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from sst_otel.cli import opening
from sst_otel.cli.errors import USAGE, CommandError

NAME = "serve"
HELP = "serve the pages and the JSON API to staff (SST_STAFF_TOKEN)"
_GRACE_SECONDS = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the address."""
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:8765",
        help="default: 127.0.0.1:8765; port 0 takes a free one",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT, then let the running requests end."""
    from sst_otel.audit import open_reader
    from sst_otel.pages.application import PagesApp

    host, port = _address(options.listen)
    settings = opening.settings()
    if settings.staff_token is None:
        raise CommandError("set SST_STAFF_TOKEN first: only staff may see everybody's rows", USAGE)
    opening.require_store(settings)
    keys = opening.keys(settings)
    requests = _Requests(PagesApp(lambda: open_reader(settings, keys), keys, settings))
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        server_class = type("Server", (_Server,), {"address_family": family})
        server: WSGIServer = make_server(host, port, requests, server_class, _Handler)
    except OSError as error:
        raise CommandError(f"cannot listen on {options.listen}: {error.strerror}", USAGE) from None
    # Blocked and waited for, in this thread and those it starts: a handler that sets an event can
    # run inside that event's own wait, and hang there.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2})
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    print(f"http://{shown}:{server.server_port}/provenance/dashboard", flush=True)
    if not _is_loopback(host):
        print(
            "sst-otel: reachable from other machines without TLS; put a TLS proxy in front, "
            "or the staff token travels in clear",
            file=sys.stderr,
        )
    signal.sigwait(ends)
    server.shutdown()
    thread.join()
    server.server_close()
    requests.wait(_GRACE_SECONDS)
    return 0


class _Server(ThreadingMixIn, WSGIServer):
    # An idle connection of a browser must not hold up the end; requests are waited for by count.
    daemon_threads = True
    block_on_close = False

    def server_bind(self) -> None:
        # Not HTTPServer's: it looks the host's name up in the DNS.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away; the application answers its own errors."""


class _Handler(WSGIRequestHandler):
    timeout = 15  # seconds a client may take for its request

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the address line out of the log: a query holds owner ids."""


class _Requests:
    """Counts the requests in work, so that the end can wait for them."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._idle = threading.Condition()
        self._running = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        with self._idle:
            self._running += 1
        try:
            if environ.get("PATH_INFO") == "/":
                environ["PATH_INFO"] = "/provenance/"
            yield from self._application(environ, start_response)
        finally:  # the server closes the generator when the answer is written
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def wait(self, seconds: float) -> None:
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0, seconds)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise CommandError("--listen must be HOST:PORT, such as 127.0.0.1:8765", USAGE)
    return host.strip("[]") or "127.0.0.1", int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
