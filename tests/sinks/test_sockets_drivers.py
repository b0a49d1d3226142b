"""The last door below drivers, WebSocket clients and gevent: whose server, and what is said."""

from __future__ import annotations

import os
import socket
import ssl
import types
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gevent import socket as gevent_socket  # type: ignore[import-untyped]
from gevent import ssl as gevent_ssl

import sst_otel
from sst_otel.missed import BARE, SEALED, counts, forget
from sst_otel.sinks.websocket_frames import Frames, is_frame
from tests.sinks.amazon import self_signed
from tests.sinks.listening import Listener, datagrams, listening
from tests.support import Tracking, tracking_in

MAIL = "ann.keller@example.com"
LINE = b"MAIL ann.keller@example.com\r\n"
UPGRADE = b"GET /chat HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\n\r\n"


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    forget()
    sst_otel.tag(MAIL, "email", owner_id="1")


@pytest.fixture(scope="module")
def plain() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def module(name: str) -> Any:
    """Return a module of that name which writes by sockets, as a driver does."""
    made = types.ModuleType(name)
    code = "def write(link, data):\n    link.sendall(data)\n"
    exec(compile(code, f"{name}.py", "exec"), vars(made))
    return made


def frame(data: bytes, opcode: int = 1, fin: bool = True, compressed: bool = False) -> bytes:
    """Return a frame as a client writes it (RFC 6455, section 5.2)."""
    first = opcode | 0x80 * fin | 0x40 * compressed
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    mask = os.urandom(4)
    return bytes([first]) + size + mask + bytes(b ^ mask[n % 4] for n, b in enumerate(data))


class TestDrivers:
    """What a database's driver without a sink writes goes to a database."""

    def test_the_own_database(self, tracking: Tracking, plain: Listener) -> None:
        with socket.create_connection(("localhost", plain.port), timeout=20) as link:
            module("oracledb.thin").write(link, LINE)
        assert plain.next() == LINE
        (row,) = tracking.rows()
        assert (row["event_type"], row["destination"]) == ("socket", "oracle localhost")
        assert row["recipient"] == "own database"
        assert counts()[BARE] == {"oracledb.thin": 1}

    def test_somebody_elses(self, tmp_path: Path, plain: Listener) -> None:
        with tracking_in(tmp_path, own_databases=("db.shop.example",)) as tracking:
            sst_otel.tag(MAIL, "email", owner_id="1")
            with socket.create_connection(("localhost", plain.port), timeout=20) as link:
                link.sendall(b"CONNECT db.crm.example:1521 HTTP/1.1\r\n\r\n")
                module("oracledb.thin").write(link, LINE)
            plain.next()
            (row,) = tracking.rows()
        assert row["destination"] == "db.crm.example"
        assert row["recipient"] != "own database"

    def test_what_encrypts_by_itself_is_counted(self, tracking: Tracking, plain: Listener) -> None:
        with socket.create_connection(("localhost", plain.port), timeout=20) as link:
            module("shop.sftp").write(link, b"SSH-2.0-shop\r\n")
            module("shop.sftp").write(link, LINE)
        assert plain.next().endswith(LINE)
        assert tracking.shares() == []
        assert counts()[SEALED] == {"shop.sftp": 1}


class TestWebSockets:
    """Clients mask what they write."""

    @pytest.mark.parametrize("size", [1, 5, 1_000])
    def test_after_the_handshake(self, size: int, tracking: Tracking, plain: Listener) -> None:
        sent = frame(b"rates") + frame(LINE[:9], fin=False) + frame(LINE[9:], 0)
        with socket.create_connection(("localhost", plain.port), timeout=20) as link:
            link.sendall(UPGRADE)
            for at in range(0, len(sent), size):
                link.sendall(sent[at : at + size])
        assert plain.next() == UPGRADE + sent
        ((host, *found),) = tracking.shares()
        assert host == "chat.example"
        assert found == ["1", ("email",)]

    def test_a_connection_that_was_opened_before(self, tracking: Tracking, plain: Listener) -> None:
        with socket.create_connection(("localhost", plain.port), timeout=20) as link:
            link.sendall(frame(LINE * 10))
        plain.next()
        assert len(tracking.shares()) == 1

    def test_a_server_that_declined(self, tracking: Tracking, plain: Listener) -> None:
        with socket.create_connection(("localhost", plain.port), timeout=20) as link:
            link.sendall(UPGRADE)
            link.sendall(b"POST /x HTTP/1.1\r\nHost: chat.example\r\n\r\n" + LINE)
        plain.next()
        assert len(tracking.shares()) == 1

    def test_compressed_messages(self) -> None:
        deflater = zlib.compressobj(wbits=-15)
        frames = Frames()
        for text in (LINE, b"rates", LINE):
            data = deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH)
            assert frames.read(frame(data[:-4], compressed=True), 1_000) == text
            assert frames.read(frame(b"beat", 9), 1_000) == b""

    @pytest.mark.parametrize("data", [b"POST / HTTP/1.1", b"\x81\x05rates", b"\x83\x80abcd"])
    def test_no_frames(self, data: bytes) -> None:
        assert not is_frame(data)
        with pytest.raises(ValueError, match="not a frame"):
            Frames().read(data, 1_000)

    def test_bombs_end(self) -> None:
        deflater = zlib.compressobj(wbits=-15)
        data = deflater.compress(bytes(1_000_000)) + deflater.flush(zlib.Z_SYNC_FLUSH)
        with pytest.raises(ValueError, match="too much"):
            Frames().read(frame(data[:-4], compressed=True), 1_000)


class TestGevent:
    """gevent's own socket class, where the application is not patched."""

    def test_a_connection(self, tracking: Tracking, plain: Listener) -> None:
        link = gevent_socket.create_connection(("localhost", plain.port))
        link.sendall(LINE)
        link.close()
        assert plain.next() == LINE
        assert tracking.shares() == [("localhost", "1", ("email",))]

    @pytest.mark.parametrize(("name", "number"), [("redis.connection", 0), ("shop.feed", 1)])
    def test_what_a_sink_above_has_looked_at(
        self, name: str, number: int, tracking: Tracking, plain: Listener
    ) -> None:
        link = gevent_socket.create_connection(("localhost", plain.port))
        module(name).write(link, LINE)
        link.close()
        assert plain.next() == LINE
        assert len(tracking.shares()) == number
        assert counts().get(BARE, {}) == dict.fromkeys([name][:number], 1)

    def test_what_will_be_encrypted(self, tracking: Tracking, tmp_path: Path) -> None:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(self_signed(tmp_path))
        context = gevent_ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with listening(server) as encrypted:
            link = gevent_socket.create_connection(("localhost", encrypted.port))
            secure = context.wrap_socket(link, server_hostname="localhost")
            secure.sendall(LINE[:14])
            secure.write(LINE[14:])
            secure.shutdown(socket.SHUT_WR)
            while secure.recv(65_536):  # closed with tickets unread it would be reset
                continue
            secure.close()
            assert encrypted.next() == LINE
        assert tracking.shares() == [("localhost", "1", ("email",))]

    def test_a_datagram(self, tracking: Tracking) -> None:
        with datagrams() as packets:
            link = gevent_socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            link.sendto(LINE, ("127.0.0.1", packets.port))
            link.close()
            assert packets.next() == LINE
        assert len(tracking.shares()) == 1
