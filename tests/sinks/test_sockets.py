"""The last door: sockets, TLS and asyncio transports that no other sink looked at."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import sst_otel
from tests.sinks.amazon import self_signed
from tests.sinks.listening import Listener, datagrams, listening
from tests.support import Tracking

MAIL = "ann.keller@example.com"
LINE = b"MAIL ann.keller@example.com\r\n"
FOUND = [("localhost", "1", ("email",))]


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


@pytest.fixture(scope="module")
def plain() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def encrypted(certificate: Path) -> Iterator[Listener]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with listening(context) as listener:
        yield listener


@pytest.fixture(scope="module")
def packets() -> Iterator[Listener]:
    with datagrams() as listener:
        yield listener


def trusting(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    return context


def by(act: Callable[[socket.socket], object]) -> Callable[[int], None]:
    def call(port: int) -> None:
        with socket.create_connection(("localhost", port), timeout=20) as link:
            act(link)

    return call


def pieces(link: socket.socket, size: int) -> None:
    for at in range(0, len(LINE), size):
        link.sendall(LINE[at : at + size])


def as_a_file(link: socket.socket) -> None:
    with link.makefile("wb") as file:
        file.write(LINE)


def by_name(port: int) -> None:
    with socket.socket() as link:
        link.settimeout(20)
        link.connect(("localhost", port))
        link.sendall(LINE)


def by_streams(port: int, context: ssl.SSLContext | None = None, *, lines: bool = False) -> None:
    async def send() -> None:
        name = "localhost" if context is not None else None
        _, writer = await asyncio.open_connection(
            "localhost", port, ssl=context, server_hostname=name
        )
        if lines:
            writer.writelines([LINE[:9], LINE[9:]])
        else:
            writer.write(LINE[:9])
            writer.write(LINE[9:])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    asyncio.run(send())


def by_the_loop(port: int) -> None:
    async def send() -> None:
        loop = asyncio.get_running_loop()
        (*_, address), *_ = await loop.getaddrinfo("localhost", port, family=socket.AF_INET)
        with socket.socket() as link:
            link.setblocking(False)
            await loop.sock_connect(link, address)
            await loop.sock_sendall(link, LINE)

    asyncio.run(send())


CALLS: dict[str, Callable[[int], None]] = {
    "sendall": by(lambda link: link.sendall(LINE)),
    "send": by(lambda link: link.send(LINE)),
    "a view": by(lambda link: link.sendall(memoryview(bytearray(LINE)))),
    "sendmsg": by(lambda link: link.sendmsg([LINE[:9], LINE[9:]])),
    "makefile": by(as_a_file),
    "two writes": by(lambda link: pieces(link, 14)),
    "byte by byte": by(lambda link: pieces(link, 1)),
    "connect by name": by_name,
    "streams": by_streams,
    "streams, lines": lambda port: by_streams(port, lines=True),
    "the loop": by_the_loop,
}


@pytest.mark.parametrize("call", [pytest.param(call, id=name) for name, call in CALLS.items()])
def test_each_way_of_writing_is_one_event(
    call: Callable[[int], None], tracking: Tracking, plain: Listener
) -> None:
    call(plain.port)
    assert plain.next() == LINE
    assert tracking.shares() == FOUND
    (row,) = tracking.rows()
    assert (row["event_type"], row["outcome"]) == ("socket", "sent")
    assert row["metadata"]["server.port"] == plain.port


def tls(link: socket.socket, context: ssl.SSLContext, *, wrapped_first: bool = False) -> None:
    with context.wrap_socket(link, server_hostname="localhost") as secure:
        if wrapped_first:
            secure.write(LINE)
        else:
            secure.sendall(LINE[:14])
            secure.send(LINE[14:])
        secure.shutdown(socket.SHUT_WR)
        while secure.recv(65_536):  # closed with tickets unread it would be reset
            continue


@pytest.mark.parametrize("way", ["socket", "write", "streams", "lines"])
def test_what_will_be_encrypted_is_one_event(
    way: str, tracking: Tracking, encrypted: Listener, certificate: Path
) -> None:
    context = trusting(certificate)
    if way in ("socket", "write"):
        with socket.create_connection(("localhost", encrypted.port), timeout=20) as link:
            tls(link, context, wrapped_first=way == "write")
    else:
        by_streams(encrypted.port, context, lines=way == "lines")
    assert encrypted.next() == LINE
    assert tracking.shares() == FOUND


class TestDatagrams:
    """Each is a message; those of a port that was chosen are answers."""

    def test_each_is_an_event(self, tracking: Tracking, packets: Listener) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            for data in (LINE, LINE, b"rates"):
                link.sendto(data, ("127.0.0.1", packets.port))
            assert [packets.next() for _ in range(3)] == [LINE, LINE, b"rates"]
        assert [found for _, *found in tracking.shares()] == [["1", ("email",)]] * 2

    def test_the_handler_of_logging(self, tracking: Tracking, packets: Listener) -> None:
        handler = logging.handlers.SysLogHandler(("127.0.0.1", packets.port))
        handler.emit(logging.makeLogRecord({"msg": f"login of {MAIL}"}))
        handler.close()
        assert MAIL.encode() in packets.next()
        assert len(tracking.shares()) == 1

    def test_answers_are_none(self, tracking: Tracking, packets: Listener) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind(("127.0.0.1", 0))
                chosen = free.getsockname()[1]
            server.bind(("127.0.0.1", chosen))
            server.sendto(LINE, ("127.0.0.1", packets.port))
            assert packets.next() == LINE
        assert tracking.shares() == []


class TestNames:
    """The recipient is whom the application named, never a proxy."""

    @pytest.mark.parametrize(
        ("head", "destination"),
        [
            (b"POST /v1/contact HTTP/1.1\r\nHost: api.crm.example\r\n\r\n", "POST api.crm.example"),
            (b"CONNECT api.crm.example:443 HTTP/1.1\r\n\r\n", "api.crm.example"),
        ],
    )
    def test_requests_made_by_hand(
        self, head: bytes, destination: str, tracking: Tracking, plain: Listener
    ) -> None:
        with socket.create_connection(("localhost", plain.port), timeout=20) as link:
            link.sendall(head)
            link.sendall(LINE)
        assert plain.next() == head + LINE
        ((found, *_),) = tracking.shares()
        assert found.startswith(destination)


class TestNoDoor:
    """What is not the process's own way out, or was looked at above."""

    def test_accepted_connections(self, tracking: Tracking) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            browser = socket.create_connection(server.getsockname(), timeout=20)
            peer, _ = server.accept()
            with browser, peer:
                peer.sendall(LINE)
                assert browser.recv(100) == LINE
        assert tracking.shares() == []

    def test_servers_of_asyncio(self, tracking: Tracking) -> None:
        async def answer(_: Any, writer: asyncio.StreamWriter) -> None:
            writer.write(LINE)
            writer.close()

        async def ask() -> bytes:
            server = await asyncio.start_server(answer, "127.0.0.1", 0)
            async with server:
                port = server.sockets[0].getsockname()[1]
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                found = await reader.read()
                writer.close()
                await writer.wait_closed()
            return found

        assert asyncio.run(ask()) == LINE
        assert tracking.shares() == []

    def test_pairs_and_unix_sockets(self, tracking: Tracking, tmp_path: Path) -> None:
        one, other = socket.socketpair()
        with one, other:
            one.sendall(LINE)
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as link:
            server.bind(str(tmp_path / "s"))
            server.listen()
            link.connect(str(tmp_path / "s"))
            link.sendall(LINE)
        assert tracking.shares() == []

    def test_nothing_personal(self, tracking: Tracking, plain: Listener) -> None:
        with socket.create_connection(("localhost", plain.port), timeout=20) as link:
            link.sendall(b"rates of today\r\n")
        plain.next()
        assert tracking.shares() == []


class TestHarmlessness:
    """What the application gets is what it would have got."""

    def test_a_full_socket_is_written_to_again(self, tracking: Tracking) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            link = socket.create_connection(server.getsockname(), timeout=20)
            peer, _ = server.accept()
            with link, peer:
                link.setblocking(False)
                with suppress(BlockingIOError):
                    while True:
                        link.send(b"x" * 65_536)
                peer.settimeout(20)
                while True:
                    try:
                        link.send(b" " + LINE)
                        break
                    except BlockingIOError:
                        peer.recv(1_000_000)
        assert [row["outcome"] for row in tracking.rows()] == ["sent"]

    def test_errors_pass_unchanged_and_are_outcomes(self, tracking: Tracking) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            link = socket.create_connection(server.getsockname(), timeout=20)
            link.shutdown(socket.SHUT_WR)
            with link, pytest.raises(BrokenPipeError):
                link.sendall(LINE)
            with pytest.raises(TypeError):
                link.sendall("text")  # type: ignore[arg-type]
        assert [row["outcome"] for row in tracking.rows()] == ["failed"]

    def test_stop_makes_everything_the_original(self) -> None:
        sst_otel.stop_tracking()
        assert not {"send", "sendall", "sendto", "sendmsg", "connect"} & set(vars(socket.socket))
        assert type(socket.getaddrinfo).__name__ == "function"
        assert type(vars(ssl.SSLSocket)["send"]).__name__ == "function"
