"""Clients that something else has patched (stubs, vcrpy, gevent), and HTTP/2."""

from __future__ import annotations

import importlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

import sst_otel
from tests.support import Tracking, Vendor, tracking_in

responses: Any = importlib.import_module("responses")
requests_mock: Any = importlib.import_module("requests_mock")
respx: Any = importlib.import_module("respx")
h2_connection: Any = importlib.import_module("h2.connection")
h2_config: Any = importlib.import_module("h2.config")
vcr: Any = importlib.import_module("vcr")

MAIL = "ann.keller@example.com"
BODY = json.dumps({"mail": MAIL}).encode()
URL = "http://vendor.example/x"


def _responses() -> AbstractContextManager[Any]:
    stub = responses.RequestsMock()
    stub.add("POST", URL, json={"from": "stub"})
    return stub  # type: ignore[no-any-return]


def _requests_mock() -> AbstractContextManager[Any]:
    stub = requests_mock.Mocker()
    stub.post(URL, json={"from": "stub"})
    return stub  # type: ignore[no-any-return]


def _respx() -> AbstractContextManager[Any]:
    stub = respx.mock(assert_all_called=False)
    stub.post(URL).respond(json={"from": "stub"})
    return stub  # type: ignore[no-any-return]


def _by_requests(url: str) -> Any:
    return requests.post(url, BODY, timeout=20).json()


def _by_httpx(url: str) -> Any:
    return httpx.post(url, content=BODY, trust_env=False).json()


STUBS = [(_responses, _by_requests), (_requests_mock, _by_requests), (_respx, _by_httpx)]


@pytest.mark.parametrize(("stub", "post"), STUBS)
class TestStubs:
    """A stub answers; when it is gone, calls are seen again."""

    def test_inside_tracking(
        self, stub: Any, post: Callable[[str], Any], tracking: Tracking, vendor: Vendor
    ) -> None:
        sst_otel.tag(MAIL, "email", owner_id="7")
        with stub():
            assert post(URL) == {"from": "stub"}
        seen = len(tracking.shares())
        assert seen <= 1
        assert post(vendor.url)["id"]
        assert len(tracking.shares()) == seen + 1

    def test_around_tracking(
        self, stub: Any, post: Callable[[str], Any], vendor: Vendor, tmp_path: Path
    ) -> None:
        with stub():
            with tracking_in(tmp_path) as tracking:
                sst_otel.tag(MAIL, "email", owner_id="7")
                assert post(URL) == {"from": "stub"}
                assert tracking.errors() == {}
            assert post(URL) == {"from": "stub"}
        assert post(vendor.url)["id"]

    def test_that_outlives_tracking(
        self, stub: Any, post: Callable[[str], Any], vendor: Vendor, tmp_path: Path
    ) -> None:
        patched = stub()
        with tracking_in(tmp_path):
            sst_otel.tag(MAIL, "email", owner_id="7")
            patched.__enter__()
        assert post(URL) == {"from": "stub"}
        patched.__exit__(None, None, None)
        with tracking_in(tmp_path) as tracking:
            sst_otel.tag(MAIL, "email", owner_id="7")
            seen = len(tracking.shares())
            assert post(vendor.url)["id"]
            assert len(tracking.shares()) == seen + 1


@pytest.mark.parametrize("post", [_by_requests, _by_httpx])
def test_cassettes(
    post: Callable[[str], Any], tracking: Tracking, vendor: Vendor, tmp_path: Path
) -> None:
    sst_otel.tag(MAIL, "email", owner_id="7")
    cassette = str(tmp_path / "calls.yaml")
    with vcr.use_cassette(cassette):
        recorded = post(vendor.url)
    assert [body for _, _, body in vendor.received] == [BODY]
    assert len(tracking.shares()) == 1
    with vcr.use_cassette(cassette, record_mode="none"):
        assert post(vendor.url) == recorded
    assert len(vendor.received) == 1


_GREEN = """
import sys
if sys.argv[3] == "patched first":
    from gevent import monkey
    monkey.patch_all()
import sst_otel
from tests.support import tracking_in
from pathlib import Path
people = [f"ann{n}.keller@example.com" for n in range(20)]
with tracking_in(Path(sys.argv[2])) as tracking:
    if sys.argv[3] != "patched first":
        from gevent import monkey
        monkey.patch_all()
    import gevent, requests, urllib.request, json
    for number, mail in enumerate(people):
        sst_otel.tag(mail, "email", owner_id=str(number))
    session = requests.Session()
    def post(mail):
        session.post(sys.argv[1], json={"mail": mail}, timeout=20).json()
        body = json.dumps({"mail": mail}).encode()
        urllib.request.urlopen(sys.argv[1], body, timeout=20).close()
    jobs = [gevent.spawn(post, mail) for mail in people]
    gevent.joinall(jobs, raise_error=True)
    told = sorted(int(owner) for _, owner, _ in tracking.shares())
    assert told == sorted([*range(20)] * 2), told
    assert {row["outcome"] for row in tracking.rows()} == {"sent"}
    assert tracking.errors() == {}, tracking.errors()
print("as ever")
"""


@pytest.mark.parametrize("order", ["patched first", "tracked first"])
def test_greenlets(order: str, vendor: Vendor, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _GREEN, vendor.url, str(tmp_path), order]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "as ever\n", run.stderr
    assert len(vendor.received) == 40


class _TwoServer(threading.Thread):
    """An HTTP/2 server (RFC 9113, with prior knowledge) of one connection."""

    def __init__(self) -> None:
        super().__init__()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.bodies: list[bytes] = []

    def run(self) -> None:
        peer, _ = self.listener.accept()
        with self.listener, peer:
            link = h2_connection.H2Connection(h2_config.H2Configuration(client_side=False))
            link.initiate_connection()
            peer.sendall(link.data_to_send())
            while data := peer.recv(65_536):
                for event in link.receive_data(data):
                    if type(event).__name__ == "DataReceived" and event.data:
                        self.bodies.append(event.data)
                    elif type(event).__name__ == "StreamEnded":
                        link.send_headers(event.stream_id, [(":status", "204")], end_stream=True)
                peer.sendall(link.data_to_send())


def test_streams_of_one_connection(tracking: Tracking) -> None:
    """HTTP/2: the second person's data go over the connection that the first one's opened."""
    server = _TwoServer()
    server.start()
    people = ["ann.keller@example.com", "bea.moser@example.com"]
    with httpx.Client(http1=False, http2=True, trust_env=False) as client:
        for number, mail in enumerate(people):
            sst_otel.tag(mail, "email", owner_id=str(number))
            answer = client.post(f"http://127.0.0.1:{server.port}/", json={"mail": mail})
            assert answer.http_version == "HTTP/2"
    server.join()
    assert [json.loads(body)["mail"] for body in server.bodies] == people
    assert [owner for _, owner, _ in tracking.shares()] == ["0", "1"]
