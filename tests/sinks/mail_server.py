"""A mail server on loopback that keeps what it gets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP


class Inbox:
    """A handler that keeps what it gets and refuses whom it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[list[str], bytes]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.received.append((list(envelope.rcpt_tos), envelope.content))
        return "554 no" if b"spam" in envelope.content else "250 OK"


@contextmanager
def mail_server(protocol: type[SMTP], inbox: Inbox) -> Iterator[int]:
    """Run a server in a thread of its own; yields its port."""
    loop = asyncio.new_event_loop()
    listening = loop.create_server(
        lambda: protocol(inbox, hostname="localhost", loop=loop), "127.0.0.1", 0
    )
    server = loop.run_until_complete(listening)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Inbox, int]]:
    """A server for the tests of a module, and its port."""
    inbox = Inbox()
    with mail_server(SMTP, inbox) as port:
        yield inbox, port


@pytest.fixture
def inbox(server: tuple[Inbox, int]) -> Inbox:
    """What the server gets in this test."""
    found = server[0]
    found.received.clear()
    found.refused.clear()
    return found


@pytest.fixture
def port(server: tuple[Inbox, int], inbox: Inbox) -> int:
    """The server's port."""
    return server[1]
