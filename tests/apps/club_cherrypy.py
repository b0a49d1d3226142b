"""A club's site on CherryPy, written without any thought of tracking."""

import json

import cherrypy
import club
from cherrypy.lib.static import serve_file


def me():
    user_id = cherrypy.session.get("user_id")
    if user_id is None:
        raise cherrypy.HTTPError(401)
    return user_id


class Club:
    @cherrypy.expose
    def health(self):
        return "ok"

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def signup(self, **form):
        cherrypy.response.status = 201
        return {"id": club.sign_up(form)}

    @cherrypy.expose
    def login(self, email, password):
        cherrypy.session["user_id"] = club.log_in(email, password)
        return club.name_of(cherrypy.session["user_id"])

    @cherrypy.expose
    def contact(self):
        club.contact(me())
        cherrypy.response.status = 204

    @cherrypy.expose
    def conversion(self):
        club.conversion(me())
        cherrypy.response.status = 204

    @cherrypy.expose
    def ask(self, city, birthday, **_):
        club.tell("contacts", {"city": city, "born": birthday})
        return "asked"

    @cherrypy.expose("ask-json")
    @cherrypy.tools.json_in()
    def ask_json(self):
        given = cherrypy.request.json
        club.tell("contacts", {"city": given["city"], "born": given["birthday"]})
        return "asked"

    @cherrypy.expose("ask-raw")
    def ask_raw(self):
        given = json.loads(cherrypy.request.body.read())
        club.tell("contacts", {"city": given["city"], "born": given["birthday"]})
        return "asked"

    @cherrypy.expose
    def upload(self, document, note):
        club.tell("files", {"note": note, "name": document.file.read().decode()})
        return "taken"

    @cherrypy.expose
    def find(self, email):
        club.tell("search", {"mail": email})
        return "found"

    @cherrypy.expose
    def of(self, email):
        club.tell("messages", {"mail": email})
        return "found"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def people(self):
        me()
        cherrypy.response.headers["Content-Type"] = "text/plain"
        return club.ask_around()

    @cherrypy.expose
    def file(self):
        return serve_file(club.__file__)

    @cherrypy.expose
    def boom(self):
        raise RuntimeError("boom")


cherrypy.config.update({"environment": "embedded", "log.screen": False})
app = cherrypy.tree.mount(Club(), "", {"/": {"tools.sessions.on": True}})
