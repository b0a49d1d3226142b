"""One WSGI application on one address until SIGTERM or SIGINT; then running requests end."""

from __future__ import annotations

import argparse
import gc
import ipaddress
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from sst_otel.cli.errors import USAGE, CommandError

ENDS = frozenset({signal.SIGTERM, signal.SIGINT})
"""Signals that end a command which runs until it is told to."""
THREADS = 8
"""Requests that are answered at once."""
_ALLOCATIONS = 100_000
_TICK = 0.2
_GRACE_SECONDS = 10


def add_listen(parser: argparse.ArgumentParser, default: str) -> None:
    """Take the address."""
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        default=default,
        help=f"default: {default}; port 0 takes a free one",
    )


def address_of(text: str) -> tuple[str, int]:
    """Read ``HOST:PORT``; raises :class:`CommandError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise CommandError("--listen must be HOST:PORT, such as 127.0.0.1:8765", USAGE)
    return host.strip("[]") or "127.0.0.1", int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def block_ends() -> None:
    """Block :data:`ENDS` in this thread and those it starts, to be waited for (``sigwait``).

    A handler that sets an event can run inside that event's own wait, and hang there.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)


def collect_seldom() -> None:
    """Let Python look for cycles seldom: what requests allocate is much, and free of them.

    A look at everything that was imported takes longer than most answers.
    """
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 50)


def serve(
    application: Callable[..., Any],
    address: tuple[str, int],
    path: str,
    secret: str,
    ending: Callable[[], None] = lambda: None,
    *,
    threads: int = THREADS,
    max_body: int = 1024 * 1024,
) -> None:
    """Serve until told to end; raises :class:`CommandError` where it cannot listen.

    Prints the URL of ``path`` once it listens, and where others can reach it that ``secret`` would
    travel in clear. ``ending`` is called before the last requests are waited for. ``max_body``:
    bytes of a request, more is answered 413.
    """
    host, port = address
    block_ends()
    try:
        listener = _listener(host, port)
    except OSError as error:
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror}", USAGE) from None
    collect_seldom()
    stop = threading.Event()
    thread = threading.Thread(
        target=_run, args=(application, listener, stop, threads, max_body), name="sst-server"
    )
    shown = f"[{host}]" if ":" in host else host
    thread.start()
    print(f"http://{shown}:{listener.getsockname()[1]}{path}", flush=True)
    if not is_loopback(host):
        print(
            "sst-otel: reachable from other machines without TLS; put a TLS proxy in front, or "
            f"the {secret} travels in clear",
            file=sys.stderr,
        )
    signal.sigwait(ENDS)
    ending()
    stop.set()
    thread.join()


def _listener(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(socket.SOMAXCONN)  # a client may come before the thread has started
    except BaseException:
        listener.close()
        raise
    return listener


def _run(
    application: Callable[..., Any],
    listener: socket.socket,
    stop: threading.Event,
    threads: int,
    max_body: int,
) -> None:
    from waitress.server import create_server
    from waitress.wasyncore import close_all, dispatcher, loop

    # It names a request's address in what it says, and a query holds owner ids.
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    sockets: dict[int, Any] = {}
    server = create_server(
        application,
        map=sockets,
        sockets=[listener],
        threads=threads,
        ident="",
        asyncore_use_poll=True,
        max_request_body_size=max_body,
        inbuf_overflow=max_body,  # or bodies lie about in temporary files
        clear_untrusted_proxy_headers=True,
    )
    while not stop.is_set():
        loop(timeout=_TICK, use_poll=True, map=sockets, count=1)
    dispatcher.close(cast("dispatcher", server))  # one socket makes no server of several
    until = time.monotonic() + _GRACE_SECONDS
    server.task_dispatcher.shutdown(cancel_pending=False, timeout=_GRACE_SECONDS)
    while time.monotonic() < until and any(
        getattr(channel, "total_outbufs_len", 0) for channel in list(sockets.values())
    ):
        loop(timeout=_TICK, use_poll=True, map=sockets, count=1)
    close_all(sockets)
