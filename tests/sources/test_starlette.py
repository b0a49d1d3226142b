"""FastAPI and Starlette as a source: what an endpoint sees is tagged, as the right person's."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import fastapi
import httpx
import pydantic
import pytest
import requests
import uvicorn
from fastapi import BackgroundTasks, FastAPI, Form, UploadFile, WebSocket
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route

from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"
OTHER = "ben.moser@example.com"


class Contact(pydantic.BaseModel):
    email: str


class Customer(pydantic.BaseModel):
    contacts: list[Contact]


@pytest.fixture
def forward(tracking: Tracking, vendor: Vendor) -> Callable[[Any], str]:
    crm = f"{vendor.url}/crm"

    def post(value: Any) -> str:
        requests.post(crm, json={"v": value})
        return "ok"

    return post


@pytest.fixture
def app(forward: Callable[[Any], str]) -> FastAPI:
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="s" * 20)

    @app.post("/form")
    def form(email: str = Form()) -> str:
        return forward(email)

    @app.post("/json")
    async def json_body(customer: Customer) -> str:
        return forward(customer.contacts[0].email)

    @app.post("/raw")
    async def raw(request: Request) -> str:
        return forward(json.loads(await request.body())["email"])

    @app.get("/query")
    def query(email: str) -> str:
        return forward(email)

    @app.get("/path/{email}")
    def path(email: str) -> str:
        return forward(email)

    @app.get("/header")
    def header(x_user_email: str = fastapi.Header()) -> str:
        return forward(x_user_email)

    @app.get("/cookie")
    def cookie(email: str = fastapi.Cookie()) -> str:
        return forward(email)

    @app.post("/upload")
    async def upload(contact: UploadFile) -> str:
        return forward((await contact.read()).decode())

    @app.post("/login")
    async def login(request: Request, email: str = Form()) -> str:
        request.session["user_id"] = 7
        return forward(email)

    @app.post("/later")
    def later(tasks: BackgroundTasks, email: str = Form()) -> str:
        tasks.add_task(forward, email)
        return "ok"

    @app.post("/stream")
    def stream(email: str = Form()) -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield "<"
            forward(email)
            yield ">"

        return StreamingResponse(pieces())

    @app.get("/plain")
    def plain() -> str:
        return "ok"

    @app.get("/broken")
    async def broken(email: str) -> str:
        raise LookupError("no")

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        forward((await socket.receive_json())["email"])
        await socket.close()

    return app


def asked(app: Any, *calls: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> list[Any]:
    """Return the answers to ``calls``, made at once by one client each."""

    async def one(call: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await call(client)

    async def every() -> list[Any]:
        return await asyncio.gather(*(one(call) for call in calls))

    return asyncio.run(every())


@pytest.mark.parametrize(
    ("call", "source"),
    [
        (lambda c: c.post("/form", data={"email": MAIL}), "form_field:email"),
        (lambda c: c.post("/json", json={"contacts": [{"email": MAIL}]}), "json:contacts.email"),
        (lambda c: c.post("/raw", content=json.dumps({"email": MAIL})), "json:email"),
        (lambda c: c.post("/raw", json={"email": MAIL}), "json:email"),
        (lambda c: c.get("/query", params={"email": MAIL}), "query:email"),
        (lambda c: c.get(f"/path/{MAIL}"), "path:email"),
        (lambda c: c.get("/header", headers={"X-User-Email": MAIL}), "header:x_user_email"),
        (lambda c: c.get("/cookie", headers={"Cookie": f"email={MAIL}"}), "cookie:email"),
        (
            lambda c: c.post("/upload", files={"contact": ("c.txt", f"E-Mail: {MAIL}")}),
            "upload:E-Mail",
        ),
        (lambda c: c.post("/later", data={"email": MAIL}), "form_field:email"),
        (lambda c: c.post("/stream", data={"email": MAIL}), "form_field:email"),
    ],
    ids=[
        "form", "json", "raw", "raw json", "query", "path", "header", "cookie", "upload",
        "background task", "streamed",
    ],
)  # fmt: skip
def test_each_place_of_a_request(call: Any, source: str, app: Any, tracking: Tracking) -> None:
    (answer,) = asked(app, call)
    assert answer.status_code == 200
    (row,) = tracking.rows()
    assert row["data_types"] == ["email"]
    assert source in tracking.sources()


def test_the_route_is_the_pattern(app: FastAPI, tracking: Tracking) -> None:
    asked(app, lambda c: c.get(f"/path/{MAIL}"))
    (row,) = tracking.rows()
    assert row["route"] == "/path/{email}"


def test_an_application_inside_another(
    forward: Callable[[Any], str], app: FastAPI, tracking: Tracking
) -> None:
    def show(request: Request) -> PlainTextResponse:
        return PlainTextResponse(forward(request.path_params["email"]))

    inner = Starlette(routes=[Route("/{email}", show)])
    outer = Starlette(routes=[Mount("/people", inner), Mount("/shop", app)])
    asked(outer, lambda c: c.get(f"/people/{MAIL}"))
    asked(outer, lambda c: c.get(f"/shop/path/{OTHER}"))
    assert [row["route"] for row in tracking.rows()] == ["/people/{email}", "/shop/path/{email}"]


def test_who_signs_in_becomes_the_owner(app: FastAPI, tracking: Tracking) -> None:
    (answer,) = asked(app, lambda c: c.post("/login", data={"email": MAIL}))
    assert "vary" not in answer.headers or "Cookie" in answer.headers["vary"]
    (row,) = tracking.rows()
    assert row["owner_id"] == "7"


def test_a_bearer_token_tells_the_owner(app: FastAPI, tracking: Tracking) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "19"}).encode()).decode().rstrip("=")
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("=")
    bearer = {"Authorization": f"Bearer {head}.{claims}.c2ln"}
    asked(app, lambda c: c.post("/form", data={"email": MAIL}, headers=bearer))
    (row,) = tracking.rows()
    assert row["owner_id"] == "19"


def test_the_session_is_not_marked_as_accessed(app: FastAPI, tracking: Tracking) -> None:
    (answer,) = asked(app, lambda c: c.get("/plain"))
    assert "vary" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert tracking.rows() == []


def test_people_at_once_are_kept_apart(app: FastAPI, tracking: Tracking) -> None:
    def signing_in(number: int) -> Any:
        mail = f"person{number}.keller@example.com"
        return lambda c: c.post("/form", data={"email": mail}, headers={"X-Number": str(number)})

    asked(app, *(signing_in(number) for number in range(20)))
    rows = tracking.rows()
    assert len(rows) == 20
    assert len({row["owner_id"] for row in rows}) == 20


def test_a_middleware_that_runs_the_application_in_a_task(app: FastAPI, tracking: Tracking) -> None:
    async def through(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=through)
    asked(app, lambda c: c.post("/later", data={"email": MAIL}))
    (row,) = tracking.rows()
    assert row["data_types"] == ["email"]


def test_an_error_is_the_applications_own(app: FastAPI, tracking: Tracking) -> None:
    with pytest.raises(LookupError) as raised:
        asked(app, lambda c: c.get("/broken", params={"email": MAIL}))
    files = [entry.path for entry in raised.traceback]
    assert not [file for file in files if "sst_otel" in str(file)]


def test_a_handled_error_and_an_unknown_path(app: FastAPI, tracking: Tracking) -> None:
    async def answered(_request: Request, _error: Exception) -> JSONResponse:
        return JSONResponse({"no": 1}, status_code=409)

    app.add_exception_handler(LookupError, answered)
    broken, unknown = asked(
        app, lambda c: c.get("/broken?email=x"), lambda c: c.get(f"/nowhere/{MAIL}")
    )
    assert (broken.status_code, unknown.status_code) == (409, 404)


def test_a_websockets_message(app: FastAPI, tracking: Tracking) -> None:
    sent: list[Any] = []
    given = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": json.dumps({"email": MAIL})},
    ]

    async def receive() -> Any:
        return given.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {
        "type": "websocket", "path": "/talk", "raw_path": b"/talk", "query_string": b"",
        "headers": [], "subprotocols": [], "client": ("127.0.0.1", 1), "server": ("shop", 80),
        "scheme": "ws", "root_path": "", "asgi": {"version": "3.0"}, "state": {},
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert sent == ["websocket.accept", "websocket.close"]
    (row,) = tracking.rows()
    assert row["route"] == "/talk"


@pytest.mark.usefixtures("tracking")
def test_a_server_sees_that_an_application_is_none_s_factory() -> None:
    """uvicorn calls each application without arguments, and takes what comes for the real one."""
    app = Starlette()
    with pytest.raises(TypeError):
        app()  # type: ignore[call-arg, unused-coroutine]
    config = uvicorn.Config(app, proxy_headers=False, log_config=None, log_level="info")
    config.load()
    assert config.loaded_app is app
    assert config.interface == "asgi3"


def test_a_parser_of_the_applications_own(
    app: FastAPI, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def parsed(self: Request) -> Any:
        return json.loads((await self.body()).decode())

    monkeypatch.setattr(Request, "json", parsed)
    (answer,) = asked(app, lambda c: c.post("/json", json={"contacts": [{"email": MAIL}]}))
    assert answer.status_code == 200
    assert [share[2] for share in tracking.shares()] == [("email",)]
    assert "json:contacts.email" in tracking.sources()
