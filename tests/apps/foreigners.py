"""Sites on frameworks that are followed without being known: each hands on what it is told.

``python foreigners.py URL``: who gets it. Asks each site by itself, and prints how it answered.
"""

import asyncio
import json
import sys

import httpx
import litestar
import quart
import socketio

VENDOR = sys.argv[1]
MAIL = "ottoline.brackwater@posteo.example"
PHONE = "+44 7911 204 518"


async def tell(path, **fields):
    async with httpx.AsyncClient() as client:
        await client.post(VENDOR + path, json=fields)


by_quart = quart.Quart("by_quart")


@by_quart.post("/signup")
async def signup():
    form = await quart.request.form
    await tell("/v1/quart_form", to=form["email"])
    return "ok"


@by_quart.post("/profile")
async def profile():
    given = await quart.request.get_json()
    await tell("/v1/quart_json", call=given["phone"])
    return "ok"


@by_quart.get("/find")
async def find():
    await tell("/v1/quart_query", who=quart.request.args["email"])
    return "ok"


@by_quart.post("/boom")
async def boom():
    await quart.request.form
    raise LookupError


@by_quart.post("/rates")
async def rates():
    await tell("/v1/quart_rates", base=(await quart.request.get_json())["from"])
    return "ok"


@by_quart.websocket("/ws")
async def talk():
    given = json.loads(await quart.websocket.receive())
    await tell("/v1/quart_websocket", to=given["email"])
    await quart.websocket.send("ok")


@litestar.post("/profile", media_type=litestar.MediaType.TEXT)
async def kept(data: dict) -> str:
    await tell("/v1/litestar_json", to=data["email"], call=data["phone"])
    return "ok"


@litestar.get("/find", media_type=litestar.MediaType.TEXT)
async def found(email: str) -> str:
    await tell("/v1/litestar_query", who=email)
    return "ok"


by_litestar = litestar.Litestar([kept, found])
server = socketio.AsyncServer(async_mode="asgi")
by_socketio = socketio.ASGIApp(server)
done = asyncio.Event()


@server.event
async def joined(sid, data):
    await tell("/v1/socketio_event", to=data["email"])
    done.set()


def client(app):
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://shop.example")


async def ask():
    answers = {}
    async with client(by_quart) as site:
        answers["quart form"] = await site.post("/signup", data={"email": MAIL})
        answers["quart json"] = await site.post("/profile", json={"phone": PHONE})
        answers["quart query"] = await site.get("/find", params={"email": MAIL})
        answers["quart rates"] = await site.post("/rates", json={"from": "EUR"})
        answers["quart error"] = await site.post("/boom", data={"email": MAIL})
    async with by_quart.test_client().websocket("/ws") as socket:
        await socket.send(json.dumps({"email": MAIL}))
        answers["quart websocket"] = await socket.receive()
    async with client(by_litestar) as site:
        given = {"email": MAIL, "phone": PHONE}
        answers["litestar json"] = await site.post("/profile", json=given)
        answers["litestar query"] = await site.get("/find", params={"email": MAIL})
    async with client(by_socketio) as site:
        where = {"EIO": "4", "transport": "polling"}
        opened = (await site.get("/socket.io/", params=where)).text
        where["sid"] = json.loads(opened[1:])["sid"]
        site.headers["content-type"] = "text/plain;charset=UTF-8"
        await site.post("/socket.io/", params=where, content="40")
        await site.get("/socket.io/", params=where)
        event = "42" + json.dumps(["joined", {"email": MAIL}])
        answers["socketio event"] = await site.post("/socket.io/", params=where, content=event)
        await asyncio.wait_for(done.wait(), 20)
    print(
        json.dumps(
            {
                name: answer if type(answer) is str else f"{answer.status_code} {answer.text[:9]}"
                for name, answer in answers.items()
            }
        )
    )


asyncio.run(ask())
