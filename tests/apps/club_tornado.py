"""A club's site on Tornado, written without any thought of tracking."""

import asyncio
import signal
import sys

import club
from tornado.escape import json_decode
from tornado.web import Application, HTTPError, RequestHandler, authenticated


class Page(RequestHandler):
    def get_current_user(self):
        found = self.get_signed_cookie("user_id")
        return int(found) if found else None

    def get_login_url(self):
        raise HTTPError(401)


class Health(Page):
    def get(self):
        self.finish("ok")


class SignUp(Page):
    async def post(self):
        form = {name: self.get_body_argument(name) for name in self.request.body_arguments}
        self.set_status(201)
        self.finish({"id": await asyncio.to_thread(club.sign_up, form)})


class LogIn(Page):
    def post(self):
        user_id = club.log_in(self.get_argument("email"), self.get_argument("password"))
        self.set_signed_cookie("user_id", str(user_id))
        self.finish(club.name_of(user_id))


class Contact(Page):
    @authenticated
    async def post(self):
        await asyncio.to_thread(club.contact, self.current_user)
        self.set_status(204)


class Conversion(Page):
    @authenticated
    async def post(self):
        await asyncio.to_thread(club.conversion, self.current_user)
        self.set_status(204)


class Ask(Page):
    def post(self):
        told = {"city": self.get_argument("city"), "born": self.get_body_argument("birthday")}
        club.tell("contacts", told)
        self.finish("asked")


class AskJson(Page):
    async def post(self):
        given = json_decode(self.request.body)
        club.tell("contacts", {"city": given["city"], "born": given["birthday"]})
        self.finish("asked")


class Upload(Page):
    def post(self):
        text = self.request.files["document"][0]["body"].decode()
        club.tell("files", {"note": self.get_argument("note"), "name": text})
        self.finish("taken")


class Find(Page):
    def get(self):
        club.tell("search", {"mail": self.get_query_argument("email")})
        self.finish("found")


class Of(Page):
    def get(self, email):
        club.tell("messages", {"mail": email})
        self.finish("found")


class People(Page):
    @authenticated
    async def get(self):
        self.set_header("Content-Type", "text/plain")
        for line in club.ask_around():
            self.write(line)
            await self.flush()


class File(Page):
    def get(self):
        with open(club.__file__, "rb") as file:
            self.finish(file.read())


class Boom(Page):
    def get(self):
        raise RuntimeError("boom")


PLACES = (
    *(("/health", Health), ("/signup", SignUp), ("/login", LogIn), ("/contact", Contact)),
    *(("/conversion", Conversion), ("/ask", Ask), ("/ask-json", AskJson), ("/upload", Upload)),
    *(("/find", Find), ("/of/(?P<email>[^/]+)", Of), ("/people", People)),
    *(("/file", File), ("/boom", Boom)),
)


async def serve(port):
    app = Application(PLACES, cookie_secret="club-secret-of-no-importance")
    app.listen(port, "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    asyncio.run(serve(int(sys.argv[1])))
