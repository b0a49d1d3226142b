"""Handles and connections: curl's transfers and websockets, each to whom it may tell, or not."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import pycurl  # type: ignore[import-untyped]
import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.datastructures import Headers
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from tests.support import Tracking, Vendor, job_of, tracking_in, vendor_server

OURS = "sst.owner=abc,sst.mac=def"
MIXED = f"a=1,{OURS},b=2"
PLAIN = "a=1,b=2"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MAIL = "ann.keller@example.com"


@dataclass
class Chat:
    """A server of websockets, and the baggage that connections came with."""

    port: int = 0
    headers: SimpleQueue[list[str]] = field(default_factory=SimpleQueue)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/chat"


@contextmanager
def chat() -> Iterator[Chat]:
    ours = Chat()

    def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        ours.headers.put(connection.request.headers.get_all("baggage"))

    with serve(handle, "127.0.0.1", 0) as running:
        ours.port = running.socket.getsockname()[1]
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield ours
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chats() -> Iterator[tuple[Chat, Chat]]:
    """One that is trusted, and another."""
    with ExitStack() as stack:
        yield stack.enter_context(chat()), stack.enter_context(chat())


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Vendor, Vendor]]:
    """One that is trusted, and another."""
    with ExitStack() as stack:
        yield stack.enter_context(vendor_server()), stack.enter_context(vendor_server())


@pytest.fixture(scope="module")
def tracking(
    tmp_path_factory: pytest.TempPathFactory,
    chats: tuple[Chat, Chat],
    servers: tuple[Vendor, Vendor],
) -> Iterator[Tracking]:
    hosts = (f"127.0.0.1:{chats[0].port}", f"127.0.0.1:{servers[0].port}")
    with tracking_in(tmp_path_factory.mktemp("handles"), trusted_hosts=hosts) as tracking:
        yield tracking


@pytest.fixture(autouse=True)
def job(tracking: Tracking) -> Iterator[None]:
    with job_of(tracking, MAIL):
        yield


def opened(url: str, headers: Any) -> None:
    with connect(url, additional_headers=headers):
        pass


def opened_by_asyncio(url: str, headers: Any) -> None:
    async def opening() -> None:
        async with connect_async(url, additional_headers=headers):
            pass

    asyncio.run(opening())


def opened_as_before(url: str, headers: Any) -> None:
    async def opening() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            from websockets.legacy.client import connect

            async with connect(url, extra_headers=headers):
                pass

    asyncio.run(opening())


@pytest.mark.parametrize("opening", [opened, opened_by_asyncio, opened_as_before])
class TestWebsockets:
    """Which follow no redirect with what they were given for the first host: each is opened."""

    @pytest.mark.parametrize("kind", [dict, lambda pairs: pairs, Headers], ids=["dict", "list", ""])
    def test_opening(
        self, chats: tuple[Chat, Chat], opening: Any, kind: Callable[[Any], Any]
    ) -> None:
        for place, said in enumerate((MIXED, PLAIN)):
            given = kind([("baggage", MIXED)])
            opening(chats[place].url, given)
            assert chats[place].headers.get(timeout=10) == [said]
            assert given == kind([("baggage", MIXED)])
        opening(chats[1].url, kind([("baggage", OURS)]))
        assert chats[1].headers.get(timeout=10) == []

    def test_who_is_trusted_is_told(self, chats: tuple[Chat, Chat], opening: Any) -> None:
        for trusted, one in zip((True, False), chats, strict=True):
            opening(one.url, {"traceparent": PARENT, "baggage": "a=1"})
            (header,) = one.headers.get(timeout=10)
            assert header.startswith("a=1")
            assert ("sst.mac=" in header) is trusted


def curl(url: str, *lines: str, follow: bool = False) -> Any:
    handle = pycurl.Curl()
    handle.setopt(handle.URL, url)
    handle.setopt(handle.WRITEFUNCTION, lambda _: None)
    handle.setopt(handle.HTTPHEADER, list(lines))
    if follow:
        handle.setopt(handle.FOLLOWLOCATION, 1)
    return handle


def easy(handle: Any) -> None:
    handle.perform()


def multi(handle: Any) -> None:
    many = pycurl.CurlMulti()
    many.add_handle(handle)
    _, active = many.perform()
    while active:
        many.select(1.0)
        _, active = many.perform()
    many.remove_handle(handle)


def arrived(server: Vendor) -> tuple[str | None, str | None]:
    """Return its baggage and another header of the request that has come."""
    headers = {name.lower(): value for name, value in server.messages.get(timeout=10)[3].items()}
    return headers.get("baggage"), headers.get("x-other")


@pytest.mark.parametrize("run", [easy, multi])
class TestCurl:
    def test_a_transfer(self, servers: tuple[Vendor, Vendor], run: Any) -> None:
        trusted, other = servers
        run(curl(f"{other.url}/a", f"Baggage: {MIXED}", "X-Other: sst.owner=1"))
        assert arrived(other) == (PLAIN, "sst.owner=1")
        run(curl(f"{other.url}/a", f"baggage: {OURS}"))
        assert arrived(other) == (None, None)
        run(curl(f"{trusted.url}/a", f"baggage:{MIXED}"))
        assert arrived(trusted) == (MIXED, None)

    def test_a_handle_is_used_for_several(self, servers: tuple[Vendor, Vendor], run: Any) -> None:
        trusted, other = servers
        handle = curl(f"{other.url}/a", f"baggage: {OURS}")
        for server, said in ((other, None), (trusted, OURS), (other, None), (trusted, OURS)):
            handle.setopt(handle.URL, f"{server.url}/a")
            run(handle)
            assert arrived(server) == (said, None)
        copied = handle.duphandle()
        copied.setopt(copied.URL, f"{other.url}/a")
        run(copied)
        assert arrived(other) == (None, None)

    def test_a_redirect_away(self, servers: tuple[Vendor, Vendor], run: Any) -> None:
        """libcurl goes there by itself: with its leave nobody is told, whoever is asked first."""
        trusted, other = servers
        trusted.redirects["/away"] = f"{other.url}/there"
        run(curl(f"{trusted.url}/away", f"baggage: {MIXED}", follow=True))
        assert arrived(trusted) == (PLAIN, None)
        assert arrived(other) == (PLAIN, None)

    def test_without_an_address_it_is_libcurls_to_say(
        self, servers: tuple[Vendor, Vendor], run: Any
    ) -> None:
        handle = pycurl.Curl()
        handle.setopt(handle.HTTPHEADER, [f"baggage: {MIXED}"])
        if run is easy:
            with pytest.raises(pycurl.error):
                run(handle)
        else:
            run(handle)
