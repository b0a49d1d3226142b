"""A club's site on aiohttp's own server, written without any thought of tracking."""

import asyncio
import json
import sys

import club
from aiohttp import web
from aiohttp_session import get_session, new_session, setup
from aiohttp_session.cookie_storage import EncryptedCookieStorage

routes = web.RouteTableDef()


async def me(request):
    session = await get_session(request)
    if "user_id" not in session:
        raise web.HTTPUnauthorized
    return session["user_id"]


@routes.get("/health")
async def health(_):
    return web.Response(text="ok")


@routes.post("/signup")
async def sign_up(request):
    made = await asyncio.to_thread(club.sign_up, await request.post())
    return web.json_response({"id": made}, status=201)


@routes.post("/login")
async def log_in(request):
    form = await request.post()
    session = await new_session(request)
    session["user_id"] = club.log_in(form["email"], form["password"])
    return web.Response(text=club.name_of(session["user_id"]))


@routes.post("/contact")
async def contact(request):
    await asyncio.to_thread(club.contact, await me(request))
    return web.Response(status=204)


@routes.post("/conversion")
async def conversion(request):
    await asyncio.to_thread(club.conversion, await me(request))
    return web.Response(status=204)


@routes.post("/ask")
async def ask(request):
    form = await request.post()
    club.tell("contacts", {"city": form["city"], "born": form["birthday"]})
    return web.Response(text="asked")


@routes.post("/ask-json")
async def ask_json(request):
    given = await request.json()
    club.tell("contacts", {"city": given["city"], "born": given["birthday"]})
    return web.Response(text="asked")


@routes.post("/ask-raw")
async def ask_raw(request):
    given = json.loads(await request.read())
    club.tell("contacts", {"city": given["city"], "born": given["birthday"]})
    return web.Response(text="asked")


@routes.post("/upload")
async def upload(request):
    form = await request.post()
    text = form["document"].file.read().decode()
    club.tell("files", {"note": form["note"], "name": text})
    return web.Response(text="taken")


@routes.get("/find")
async def find(request):
    club.tell("search", {"mail": request.query["email"]})
    return web.Response(text="found")


@routes.get("/of/{email}")
async def of(request):
    club.tell("messages", {"mail": request.match_info["email"]})
    return web.Response(text="found")


@routes.get("/people")
async def people(request):
    await me(request)

    async def lines():
        for line in club.ask_around():
            yield line

    return web.Response(body=lines(), content_type="text/plain")


@routes.get("/file")
async def file(_):
    return web.FileResponse(club.__file__)


@routes.get("/boom")
async def boom(_):
    raise RuntimeError("boom")


async def make():
    app = web.Application()
    setup(app, EncryptedCookieStorage(b"club-secret-of-no-importance-32b"))
    app.add_routes(routes)
    return app


if __name__ == "__main__":
    web.run_app(make(), host="127.0.0.1", port=int(sys.argv[1]), print=None)
