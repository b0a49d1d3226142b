"""aiohttp's client against an aiohttp server in the same loop: every way of calling."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import uvloop
from aiohttp import web
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import sst_otel
from tests.support import Tracking

MAIL = "ann.keller@example.com"
BODY = b'{"mail": "ann.keller@example.com"}'
PIECES = (BODY[:15], BODY[15:])

Act = Callable[[aiohttp.ClientSession, str], Awaitable[Any]]


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


class Server:
    """A loopback server that keeps the bodies and messages it received."""

    def __init__(self) -> None:
        self.received: list[bytes | str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.received.append(await request.read())
        if "moved" in request.query:
            raise web.HTTPTemporaryRedirect(request.query["moved"])
        return web.json_response({"ok": True})

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for message in answer:
            self.received.append(message.data)
            await answer.send_str("seen")
        return answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_get("/v1/messages", self.socket)
        application.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()


def run(act: Act, runner: Callable[[Any], Any] = asyncio.run) -> Server:
    server = Server()

    async def body() -> None:
        async with server.running(), aiohttp.ClientSession() as session:
            await act(session, server.url)

    runner(body())
    return server


async def pieces() -> AsyncIterator[bytes]:
    for piece in PIECES:
        await asyncio.sleep(0)
        yield piece


def form(**fields: Any) -> aiohttp.FormData:
    made = aiohttp.FormData()
    for name, value in fields.items():
        made.add_field(name, value)
    return made


def multipart() -> aiohttp.MultipartWriter:
    writer = aiohttp.MultipartWriter()
    writer.append_json({"mail": MAIL})
    return writer


def posting(method: str = "POST", **given: Callable[[], Any]) -> Act:
    async def act(session: aiohttp.ClientSession, url: str) -> None:
        made = {name: make() for name, make in given.items()}
        async with session.request(method, f"{url}/v1/contact", **made) as answer:
            assert await answer.json() == {"ok": True}

    return act


CALLS: dict[str, Act] = {
    "json": posting(json=lambda: {"mail": MAIL}),
    "form": posting(data=lambda: {"mail": MAIL}),
    "text": posting(data=lambda: BODY.decode()),
    "bytes": posting(data=lambda: BODY),
    "query": posting("GET", params=lambda: {"mail": MAIL}),
    "header": posting("GET", headers=lambda: {"X-Mail": MAIL}),
    "cookie": posting("GET", cookies=lambda: {"mail": MAIL}),
    "form data": posting(data=lambda: form(mail=MAIL)),
    "form with a file": posting(data=lambda: form(mail=MAIL, f=io.BytesIO(b"file"))),
    "multipart": posting(data=multipart),
    "file": posting(data=lambda: io.BytesIO(BODY)),
    "text file": posting(data=lambda: io.StringIO(BODY.decode())),
    "stream": posting(data=pieces),
    "compressed": posting(data=lambda: BODY, compress=lambda: "deflate"),
    "compressed stream": posting(data=pieces, compress=lambda: "gzip"),
}


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("act", [pytest.param(act, id=name) for name, act in CALLS.items()])
def test_each_way_of_calling_is_one_event(
    act: Act, runner: Callable[[Any], Any], tracking: Tracking
) -> None:
    server = run(act, runner)
    ((destination, *found),) = tracking.shares()
    assert tuple(found) == ("1", ("email",))
    assert destination.endswith("127.0.0.1/v1/contact")
    assert [row["outcome"] for row in tracking.rows()] == ["sent"]
    assert len(server.received) == 1


def test_bodies_arrive_whole(tracking: Tracking) -> None:
    async def act(session: aiohttp.ClientSession, url: str) -> None:
        for body in (BODY, pieces(), io.BytesIO(BODY)):
            async with session.post(url, data=body):
                pass

    assert run(act).received == [BODY] * 3


def test_nothing_personal_is_no_event(tracking: Tracking) -> None:
    run(posting(json=lambda: {"rates": [1, 2]}))
    run(posting(data=lambda: io.BytesIO(b"rates")))
    assert tracking.shares() == []


def test_redirects_within_a_host_are_one_event(tracking: Tracking) -> None:
    async def act(session: aiohttp.ClientSession, url: str) -> None:
        away = url.replace("127.0.0.1", "localhost")
        for target in (f"{url}/b", f"{away}/b"):
            params = {"moved": target}
            async with session.post(f"{url}/a", params=params, json={"mail": MAIL}) as answer:
                assert await answer.json() == {"ok": True}

    assert len(run(act).received) == 4
    hosts = [row["metadata"]["server.address"] for row in tracking.rows()]
    assert hosts == ["127.0.0.1", "127.0.0.1", "localhost"]


def test_calls_side_by_side_are_events_of_their_own(tracking: Tracking) -> None:
    async def act(session: aiohttp.ClientSession, url: str) -> None:
        async def post(data: Any) -> None:
            async with session.post(f"{url}/v1/contact", data=data):
                pass

        await asyncio.gather(*(post(pieces()) for _ in range(3)), *(post(BODY) for _ in range(3)))

    run(act)
    assert len(tracking.shares()) == 6


class TestWebSockets:
    """Each message is a call; what comes back is nobody's business."""

    def test_messages(self, tracking: Tracking) -> None:
        async def act(session: aiohttp.ClientSession, url: str) -> None:
            async with session.ws_connect(f"{url}/v1/messages") as socket:
                for send in (
                    socket.send_str(f"mail to {MAIL}"),
                    socket.send_bytes(BODY),
                    socket.send_json({"mail": MAIL}),
                    socket.send_str("hello"),
                ):
                    await send
                    assert (await socket.receive()).data == "seen"

        server = run(act)
        assert server.received == [f"mail to {MAIL}", BODY, BODY.decode(), "hello"]
        assert tracking.shares() == [("127.0.0.1/v1/messages", "1", ("email",))] * 3
        assert [row["outcome"] for row in tracking.rows()] == ["sent"] * 3


class TestHarmlessness:
    """What the application gets is what it would have got."""

    def test_errors_pass_unchanged_and_are_outcomes(self, tracking: Tracking) -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield BODY
            raise LookupError("mine")

        async def act(session: aiohttp.ClientSession, url: str) -> None:
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.post("http://127.0.0.1:1/x", json={"mail": MAIL})
            with pytest.raises(aiohttp.ClientConnectionError):
                await session.post(url, data=broken())

        run(act)
        assert len(tracking.rows()) == 1  # nothing left to the port nobody listens at

    def test_sessions_made_earlier_and_subclasses(self, tmp_path: Any) -> None:
        class Request(aiohttp.ClientRequest):
            async def send(self, conn: Any) -> aiohttp.ClientResponse:
                return await super().send(conn)

        async def act() -> None:
            server = Server()
            async with server.running(), aiohttp.ClientSession(request_class=Request) as session:
                sst_otel.start_tracking(
                    database_url=f"sqlite:///{tmp_path / 'late.db'}", key="k" * 32, lineage="off"
                )
                sst_otel.tag(MAIL, "email", owner_id="1")
                await posting(json=lambda: {"mail": MAIL})(session, server.url)
                await posting(data=pieces)(session, server.url)

        sst_otel.stop_tracking()
        asyncio.run(act())
        assert len(Tracking(tmp_path).shares()) == 2

    def test_stop_makes_everything_the_original(self) -> None:
        sst_otel.stop_tracking()
        assert type(vars(aiohttp.ClientSession)["_request"]).__name__ == "function"
        assert type(vars(aiohttp.ClientRequest)["send"]).__name__ == "function"
        assert type(vars(aiohttp.ClientRequest)["write_bytes"]).__name__ == "function"


@pytest.mark.parametrize("name", ["json", "stream"])
def test_the_event_is_on_the_span_of_opentelemetry(name: str, tracking: Tracking) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = AioHttpClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        run(CALLS[name])
    finally:
        instrumentor.uninstrument()
    (span,) = exporter.get_finished_spans()
    assert [event.name for event in span.events] == ["sst.data.share"]
