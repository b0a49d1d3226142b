"""The last door below libraries without a sink: ldap3, pyOpenSSL."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL

import sst_otel
from tests.sinks.amazon import self_signed
from tests.sinks.directory_server import directory_server
from tests.sinks.listening import Listener, listening
from tests.support import Tracking

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of its own imports
    import ldap3  # type: ignore[import-untyped]

MAIL = "ann.keller@example.com"
LINE = b"MAIL ann.keller@example.com\r\n"
ANN = [("localhost", "1", ("email",))]


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


class TestLdap3:
    """Entries of a directory on another host."""

    @pytest.fixture
    def connection(self) -> Iterator[Any]:
        with directory_server() as (port, messages):
            there = ldap3.Server("localhost", port, get_info=ldap3.NONE)
            connection: Any = ldap3.Connection(there, auto_bind=True)
            connection.messages = messages
            yield connection
            connection.unbind()

    def test_what_is_written(self, connection: Any, tracking: Tracking) -> None:
        name = "cn=lead,dc=example,dc=com"
        assert connection.add(name, "inetOrgPerson", {"mail": MAIL})
        assert MAIL.encode() in [connection.messages.get(timeout=10) for _ in range(2)][1]
        assert tracking.shares() == ANN
        (row,) = tracking.rows()
        assert (row["event_type"], row["outcome"]) == ("socket", "sent")

    def test_what_is_searched_for(self, connection: Any, tracking: Tracking) -> None:
        connection.search("dc=example,dc=com", f"(mail={MAIL})")
        assert tracking.shares() == ANN

    def test_nothing_personal(self, connection: Any, tracking: Tracking) -> None:
        assert connection.add("cn=lead,dc=example,dc=com", "device", {"serialNumber": "12"})
        assert tracking.rows() == []


class TestPyOpenSSL:
    """It encrypts by itself: nothing below it could read what it writes."""

    @pytest.fixture
    def encrypted(self, tmp_path: Path) -> Iterator[Listener]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self_signed(tmp_path))
        with listening(context) as server:
            yield server

    @pytest.mark.parametrize("write", ["sendall", "send", "write"])
    def test_on_a_socket(self, encrypted: Listener, tracking: Tracking, write: str) -> None:
        with socket.create_connection(("localhost", encrypted.port), timeout=20) as below:
            below.setblocking(True)
            link = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), below)
            link.set_tlsext_host_name(b"localhost")
            link.set_connect_state()
            link.do_handshake()
            getattr(link, write)(LINE)
            link.shutdown()
        assert encrypted.next() == LINE
        assert tracking.shares() == ANN

    def test_in_memory(self, encrypted: Listener, tracking: Tracking) -> None:
        link = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD))
        link.set_tlsext_host_name(b"localhost")
        link.set_connect_state()
        with socket.create_connection(("localhost", encrypted.port), timeout=20) as below:

            def flush() -> None:
                while True:
                    try:
                        below.sendall(link.bio_read(65_536))
                    except SSL.WantReadError:
                        return

            while True:
                try:
                    link.do_handshake()
                    break
                except SSL.WantReadError:
                    flush()
                    link.bio_write(below.recv(65_536))
            link.send(LINE)
            link.shutdown()
            flush()
        assert encrypted.next() == LINE
        assert tracking.shares() == ANN
