"""http.client, urllib.request and xmlrpc.client against loopback servers."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
import urllib.request
import xmlrpc.client
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

import sst_otel
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"
PHONE = "+4915123456701"
BODY = b'{"mail": "ann.keller@example.com"}'
PIECES = (BODY[:15], BODY[15:])


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    sst_otel.tag(PHONE, "phone", owner_id="1")


def request(url: str, method: str = "POST", path: str = "/v1/contact", **given: Any) -> None:
    with closing(connection(url)) as link:
        link.request(method, path, **given)
        link.getresponse().read()


def connection(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)


def by_hand(url: str, *headers: tuple[str, str]) -> http.client.HTTPConnection:
    link = connection(url)
    link.putrequest("POST", "/v1/contact")
    for header in headers:
        link.putheader(*header)
    return link


def announced(url: str) -> None:
    """Send a body piece by piece behind a Content-Length."""
    with closing(by_hand(url, ("Content-Length", str(len(BODY))))) as link:
        link.endheaders()
        for piece in PIECES:
            link.send(piece)
        link.getresponse().read()


def chunked(url: str, framed: bytes, size: int) -> None:
    """Send a chunked body whose framing the application makes itself, cut anywhere."""
    with closing(by_hand(url, ("Transfer-Encoding", "chunked"))) as link:
        link.endheaders()
        for at in range(0, len(framed), size):
            link.send(framed[at : at + size])
        link.getresponse().read()


def frame(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def streamed(url: str, data: Any) -> None:
    with closing(by_hand(url, ("Content-Length", str(len(BODY))))) as link:
        link.endheaders()
        link.send(data)
        link.getresponse().read()


def xml(url: str) -> None:
    with xmlrpc.client.ServerProxy(f"{url}/v1/contact") as server, suppress(Exception):
        server.contacts.add(MAIL)  # the stand-in answers JSON


def open_url(url: str, **given: Any) -> None:
    asked = urllib.request.Request(f"{url}/v1/contact", **given)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        answer.read()


CALLS: dict[str, Callable[[str], object]] = {
    "bytes": lambda url: request(url, body=BODY),
    "text": lambda url: request(url, body=BODY.decode()),
    "bytearray": lambda url: request(url, body=bytearray(BODY)),
    "array": lambda url: request(url, body=array("b", BODY)),
    "query": lambda url: request(url, "GET", f"/v1/contact?{urlencode({'m': MAIL})}"),
    "header": lambda url: request(url, "GET", headers={"X-Mail": MAIL}),
    "iterable": lambda url: request(url, body=iter(PIECES)),
    "iterable, chunked": lambda url: request(url, body=iter(PIECES), encode_chunked=True),
    "iterable, announced": lambda url: request(
        url, body=iter(PIECES), headers={"Content-Length": str(len(BODY))}
    ),
    "file": lambda url: request(url, body=io.BytesIO(BODY)),
    "text file": lambda url: request(url, body=io.StringIO(BODY.decode())),
    "pieces": announced,
    "own chunks": lambda url: chunked(url, frame(*PIECES), 1_000),
    "own chunks, cut": lambda url: chunked(url, frame(*PIECES), 7),
    "own chunks, cut to bytes": lambda url: chunked(url, frame(*PIECES), 1),
    "send a file": lambda url: streamed(url, io.BytesIO(BODY)),
    "send a text file": lambda url: streamed(url, io.StringIO(BODY.decode())),
    "send an iterable": lambda url: streamed(url, list(PIECES)),
    "xmlrpc": xml,
    "urllib json": lambda url: open_url(url, data=BODY),
    "urllib form": lambda url: open_url(url, data=urlencode({"mail": MAIL}).encode()),
    "urllib header": lambda url: open_url(url, headers={"X-Mail": MAIL}),
    "urllib file": lambda url: open_url(url, data=io.BytesIO(BODY)),
    "urllib iterable": lambda url: open_url(
        url, data=iter(PIECES), headers={"Content-Length": str(len(BODY))}
    ),
    "urllib text": lambda url: urllib.request.urlopen(
        f"{url}/v1/contact?mail={MAIL}", timeout=10
    ).close(),
}


@pytest.mark.parametrize("call", [pytest.param(call, id=name) for name, call in CALLS.items()])
def test_each_way_of_calling_is_one_event(
    call: Callable[[str], object], tracking: Tracking, vendor: Vendor
) -> None:
    call(vendor.url)
    ((destination, *found),) = tracking.shares()
    assert tuple(found) == ("1", ("email",))
    assert destination.endswith("127.0.0.1/v1/contact")
    (row,) = tracking.rows()
    assert row["outcome"] == "sent"
    assert row["metadata"]["server.port"] == vendor.port
    ((_, _, body),) = vendor.received
    assert body in (b"", BODY, urlencode({"mail": MAIL}).encode()) or b"methodCall" in body


def test_a_head_and_a_body_by_pieces_are_one_event(tracking: Tracking, vendor: Vendor) -> None:
    headers = ("X-Phone", PHONE), ("Content-Length", str(len(BODY)))
    with closing(by_hand(vendor.url, *headers)) as link:
        link.endheaders()
        for piece in PIECES:
            link.send(piece)
        link.getresponse().read()
    assert tracking.shares() == [("POST 127.0.0.1/v1/contact", "1", ("email", "phone"))]


def test_the_event_is_written_before_the_last_piece_leaves(
    tracking: Tracking, vendor: Vendor
) -> None:
    with closing(by_hand(vendor.url, ("Content-Length", str(len(BODY))))) as link:
        link.endheaders()
        link.send(PIECES[0])
        assert tracking.shares() == []
        link.send(PIECES[1])
        assert len(tracking.shares()) == 1
        link.getresponse().read()


def test_a_connection_used_again_starts_anew(tracking: Tracking, vendor: Vendor) -> None:
    with closing(connection(vendor.url)) as link:
        for path, body in (
            ("/v1/orders", BODY),
            ("/v1/rates", b"{}"),
            ("/v1/contact", io.BytesIO(BODY)),
        ):
            link.request("POST", path, body)
            link.getresponse().read()
    assert [destination for destination, *_ in tracking.shares()] == [
        "POST 127.0.0.1/v1/orders",
        "POST 127.0.0.1/v1/contact",
    ]


def test_nothing_personal_is_no_event(tracking: Tracking, vendor: Vendor) -> None:
    request(vendor.url, body=b'{"rates": [1, 2]}')
    request(vendor.url, body=iter([b"rates"]))
    open_url(vendor.url, data=b"base=USD")
    assert tracking.shares() == []


class TestOneEventPerCall:
    """Redirects within a host are one event; another host is another."""

    def test_redirects_of_urllib(self, tracking: Tracking, vendor: Vendor) -> None:
        vendor.redirects["/a"] = f"{vendor.url}/b?mail={MAIL}"
        vendor.redirects["/c"] = f"http://localhost:{vendor.port}/d?mail={MAIL}"
        for path in ("/a", "/c"):
            urllib.request.urlopen(f"{vendor.url}{path}?mail={MAIL}", timeout=10).close()
        assert len(vendor.received) == 4
        hosts = [row["metadata"]["server.address"] for row in tracking.rows()]
        assert hosts == ["127.0.0.1", "127.0.0.1", "localhost"]

    def test_below_requests_it_is_claimed(self, tracking: Tracking, vendor: Vendor) -> None:
        requests.post(vendor.url, json={"mail": MAIL})
        requests.post(vendor.url, data=iter(PIECES))
        assert len(tracking.shares()) == 2


class TestProxies:
    """The recipient is whom the application asked for, never a proxy."""

    def test_a_forwarding_proxy(self, tracking: Tracking, vendor: Vendor) -> None:
        request(vendor.url, path="http://api.crm.example/v1/contact", body=BODY)
        proxy = urllib.request.ProxyHandler({"http": vendor.url})
        asked = urllib.request.Request("http://api.crm.example/v1/contact", data=BODY)
        urllib.request.build_opener(proxy).open(asked, timeout=10).close()
        requests.post("http://api.crm.example/v1/contact", data=BODY, proxies={"http": vendor.url})
        assert len(vendor.received) == 3
        assert {row["metadata"]["server.address"] for row in tracking.rows()} == {"api.crm.example"}
        assert len(tracking.rows()) == 3

    def test_a_tunnel(self, tracking: Tracking) -> None:
        with tunnel() as (port, received):
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            link.set_tunnel("api.crm.example", 80)
            link.request("POST", "/v1/contact", iter(PIECES))
            assert link.getresponse().read() == b"{}"
            link.close()
        assert received[0].startswith(b"CONNECT api.crm.example:80")
        assert tracking.shares() == [("POST api.crm.example/v1/contact", "1", ("email",))]


class TestHarmlessness:
    """What the application gets is what it would have got."""

    def test_errors_pass_unchanged_and_are_outcomes(self, tracking: Tracking) -> None:
        for body in (BODY, iter(PIECES)):
            link = http.client.HTTPConnection("127.0.0.1", 1, timeout=10)
            with pytest.raises(ConnectionRefusedError):
                link.request("POST", f"/v1/{PHONE}", body, headers={"X-Mail": MAIL})
            link.close()
        assert [row["outcome"] for row in tracking.rows()] == ["failed", "failed"]

    def test_a_body_that_fails_is_the_applications_error(
        self, tracking: Tracking, vendor: Vendor
    ) -> None:
        def body() -> Iterator[bytes]:
            yield BODY
            raise LookupError("mine")

        link = connection(vendor.url)
        with pytest.raises(LookupError, match="mine"):
            link.request("POST", "/v1/contact", body())
        link.close()
        (row,) = tracking.rows()
        assert row["outcome"] == "failed"

    def test_misuse_is_answered_as_ever(self, tracking: Tracking, vendor: Vendor) -> None:
        with closing(connection(vendor.url)) as link:
            with pytest.raises(http.client.CannotSendHeader):
                link.endheaders()
            with pytest.raises(TypeError):
                link.request("POST", "/", 12)  # type: ignore[arg-type]
        assert tracking.shares() == []

    def test_a_given_up_message_is_still_a_share(self, tracking: Tracking, vendor: Vendor) -> None:
        link = by_hand(vendor.url, ("Content-Length", "1000"))
        link.endheaders()
        link.send(BODY)
        link.close()
        assert len(tracking.shares()) == 1

    def test_connections_made_earlier_and_subclasses(self, vendor: Vendor, tmp_path: Any) -> None:
        class Connection(http.client.HTTPConnection):
            def endheaders(self, message_body: Any = None, **given: Any) -> None:
                super().endheaders(message_body, **given)

        sst_otel.stop_tracking()
        link = Connection(urlsplit(vendor.url).netloc, timeout=10)
        sst_otel.start_tracking(
            database_url=f"sqlite:///{tmp_path / 'late.db'}", key="k" * 32, lineage="off"
        )
        sst_otel.tag(MAIL, "email", owner_id="1")
        link.request("POST", "/v1/contact", json.dumps({"mail": MAIL}))
        link.getresponse().read()
        link.close()
        assert len(Tracking(tmp_path).shares()) == 1

    def test_stop_makes_everything_the_original(self) -> None:
        sst_otel.stop_tracking()
        for name in ("request", "endheaders", "send", "getresponse", "close"):
            assert type(vars(http.client.HTTPConnection)[name]).__name__ == "function"
        assert type(vars(urllib.request.OpenerDirector)["open"]).__name__ == "function"


@contextmanager
def tunnel() -> Iterator[tuple[int, list[bytes]]]:
    """Give the port of a proxy that answers CONNECT and then as the server behind it would."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                received.append(peer.recv(65_536))
                peer.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                while not b"".join(received[1:]).endswith(b"\n0\r\n\r\n"):
                    received.append(peer.recv(65_536))
                    assert received[-1]
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], received
        finally:
            thread.join()
