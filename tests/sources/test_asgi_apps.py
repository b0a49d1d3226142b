"""ASGI applications of frameworks that are not known, alone and mounted into one that is."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from sst_otel.sources import asgi_apps
from tests.support import Tracking, Vendor, tracking_in

MAIL = "ottoline.brackwater@posteo.example"
OTHER = "c.wojtkowiak@tuta.example"
PHONE = "+44 7911 204 518"


class Foreign:
    """An application straight on ASGI: forwards what a body, a query or a message holds."""

    def __init__(self, crm: str) -> None:
        self.crm = crm
        self.seen: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                await self.forward(message["text"])
                await send({"type": "websocket.send", "text": "ok"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            self.seen.append(message)
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if scope["path"].endswith("/boom"):
            raise LookupError("boom")
        await self.forward(body.decode() or scope["query_string"].decode())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def forward(self, text: str) -> None:
        async with httpx.AsyncClient() as client:
            await client.post(self.crm, content=text)


@pytest.fixture
def tracking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracking]:
    original = Foreign.__call__
    places = (*asgi_apps.APPLICATIONS, (__name__, "Foreign.__call__"))
    monkeypatch.setattr(asgi_apps, "APPLICATIONS", places)
    with tracking_in(tmp_path) as running:
        yield running
    assert vars(Foreign)["__call__"] is original


@pytest.fixture
def app(tracking: Tracking, vendor: Vendor) -> Foreign:
    return Foreign(f"{vendor.url}/crm")


@pytest.fixture(params=["alone", "mounted"])
def client(request: pytest.FixtureRequest, app: Foreign) -> TestClient:
    mounted = Starlette(routes=[Mount("/inner", app)])
    served: Callable[..., Any] = app if request.param == "alone" else mounted
    path = "" if request.param == "alone" else "/inner"
    return TestClient(served, base_url=f"http://shop.example{path}/")


def types(tracking: Tracking) -> list[tuple[str, ...]]:
    return [share[2] for share in tracking.shares()]


class TestRequests:
    def test_json(self, client: TestClient, tracking: Tracking, app: Foreign) -> None:
        assert client.post("signup", json={"email": MAIL, "n": 1}).text == "ok"
        assert types(tracking) == [("email",)]
        assert (
            b"".join(m["body"] for m in app.seen)
            == json.dumps({"email": MAIL, "n": 1}, separators=(",", ":")).encode()
        )

    def test_a_form_in_pieces(self, client: TestClient, tracking: Tracking) -> None:
        def pieces() -> Iterator[bytes]:
            yield b"email=ottoline.brackwater%40pos"
            yield b"teo.example&x=1"

        kind = {"content-type": "application/x-www-form-urlencoded"}
        assert client.post("signup", content=pieces(), headers=kind).text == "ok"
        assert types(tracking) == [("email",)]

    def test_whose_by_its_token(self, client: TestClient, tracking: Tracking) -> None:
        claims = base64.urlsafe_b64encode(json.dumps({"identifier": OTHER}).encode()).decode()
        token = f"eyJhbGciOiJIUzI1NiJ9.{claims.rstrip('=')}.c2ln"
        headers = {"authorization": f"Bearer {token}"}
        client.post("ask", json={"question": f"Call {PHONE}, please?"}, headers=headers)
        ((_, owner, found),) = tracking.shares()
        assert (owner, "phone" in found) == (OTHER, True)

    def test_nothing_personal(self, client: TestClient, tracking: Tracking) -> None:
        assert client.post("rates", json={"from": "EUR", "to": "USD"}).text == "ok"
        assert client.post("rates", content=b"{not json", headers={"content-type": "text/json"})
        assert types(tracking) == []
        assert tracking.errors() == {}

    def test_an_error_is_the_applications(self, client: TestClient, tracking: Tracking) -> None:
        with pytest.raises(LookupError) as caught:
            client.post("boom", json={"email": MAIL})
        frames = []
        entry = caught.value.__traceback__
        while entry is not None:
            frames.append(entry.tb_frame.f_code.co_filename)
            entry = entry.tb_next
        assert frames[-1] == __file__
        assert not any("sst_otel" in name for name in frames)
        assert tracking.errors() == {}


def test_the_query(app: Foreign, tracking: Tracking) -> None:
    TestClient(app).get("/find", params={"email": MAIL})
    assert types(tracking) == [("email",)]


class TestMessages:
    @pytest.mark.parametrize(
        "message",
        [
            json.dumps({"email": MAIL}),
            '42["signup",' + json.dumps({"email": MAIL}) + "]",
            '42/shop,17["signup",' + json.dumps({"email": MAIL}) + "]",
            '42["client_message",' + json.dumps({"message": {"output": f"I am at {MAIL}"}}) + "]",
        ],
    )
    def test_of_a_websocket(self, app: Foreign, tracking: Tracking, message: str) -> None:
        with TestClient(app).websocket_connect("/ws") as socket:
            socket.send_text("2probe")
            assert socket.receive_text() == "ok"
            socket.send_text(message)
            assert socket.receive_text() == "ok"
        assert types(tracking) == [("email",)]
        assert tracking.errors() == {}

    def test_of_socket_io_by_polling(self, app: Foreign, tracking: Tracking) -> None:
        text = '42["a",1]\x1e42["signup",' + json.dumps({"email": MAIL}) + "]"
        TestClient(app).post("/socket.io/", content=text, headers={"content-type": "text/plain"})
        assert types(tracking) == [("email",)]
