"""A club's site on web.py, written without any thought of tracking."""

import json

import club
import web

web.config.debug = False
URLS = (
    *("/health", "Health", "/signup", "SignUp", "/login", "LogIn", "/contact", "Contact"),
    *("/conversion", "Conversion", "/ask", "Ask", "/ask-json", "AskJson", "/upload", "Upload"),
    *("/find", "Find", "/of/(.+)", "Of", "/people", "People", "/file", "File", "/boom", "Boom"),
)


def me():
    if session.get("user_id") is None:
        raise web.unauthorized()
    return session.user_id


class Health:
    def GET(self):
        return "ok"


class SignUp:
    def POST(self):
        web.ctx.status = "201 Created"
        return json.dumps({"id": club.sign_up(web.input())})


class LogIn:
    def POST(self):
        given = web.input("email", "password")
        session.user_id = club.log_in(given.email, given.password)
        return club.name_of(session.user_id)


class Contact:
    def POST(self):
        club.contact(me())
        raise web.HTTPError("204 No Content")


class Conversion:
    def POST(self):
        club.conversion(me())
        raise web.HTTPError("204 No Content")


class Ask:
    def POST(self):
        given = web.input(_method="post")
        club.tell("contacts", {"city": given.city, "born": given.birthday})
        return "asked"


class AskJson:
    def POST(self):
        given = json.loads(web.data())
        club.tell("contacts", {"city": given["city"], "born": given["birthday"]})
        return "asked"


class Upload:
    def POST(self):
        given = web.input(document={})
        club.tell("files", {"note": given.note, "name": given.document.file.read().decode()})
        return "taken"


class Find:
    def GET(self):
        club.tell("search", {"mail": web.input().email})
        return "found"


class Of:
    def GET(self, email):
        club.tell("messages", {"mail": email})
        return "found"


class People:
    def GET(self):
        me()
        web.header("Content-Type", "text/plain")
        return club.ask_around()


class File:
    def GET(self):
        with open(club.__file__, "rb") as file:
            return file.read()


class Boom:
    def GET(self):
        raise RuntimeError("boom")


site = web.application(URLS, globals())
session = web.session.Session(site, web.session.DiskStore(f"{club.engine.url.database}.sessions"))
app = site.wsgifunc()
