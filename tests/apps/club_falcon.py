"""A club's site on Falcon, written without any thought of tracking."""

import base64
import hashlib
import hmac
import json

import club
import falcon

SECRET = b"club-secret-of-no-importance"


def token_for(user_id):
    parts = ({"alg": "HS256"}, {"sub": str(user_id)})
    head, claims = (base64.urlsafe_b64encode(json.dumps(each).encode()) for each in parts)
    text = head.rstrip(b"=") + b"." + claims.rstrip(b"=")
    sign = base64.urlsafe_b64encode(hmac.digest(SECRET, text, hashlib.sha256))
    return (text + b"." + sign.rstrip(b"=")).decode()


class Users:
    """Says who asks."""

    def process_request(self, req, _resp):
        found = req.cookies.get("token")
        if found is not None:
            claims = found.split(".")[1]
            user_id = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
            if hmac.compare_digest(found, token_for(user_id)):
                req.context.user = {"id": int(user_id)}


def me(req):
    if not hasattr(req.context, "user"):
        raise falcon.HTTPUnauthorized
    return req.context.user["id"]


class Club:
    def on_get_health(self, _req, resp):
        resp.text = "ok"

    def on_post_signup(self, req, resp):
        resp.media = {"id": club.sign_up(req.get_media())}
        resp.status = falcon.HTTP_201

    def on_post_login(self, req, resp):
        user_id = club.log_in(req.media["email"], req.media["password"])
        resp.set_cookie("token", token_for(user_id), secure=False)
        resp.text = club.name_of(user_id)

    def on_post_contact(self, req, resp):
        club.contact(me(req))
        resp.status = falcon.HTTP_204

    def on_post_conversion(self, req, resp):
        club.conversion(me(req))
        resp.status = falcon.HTTP_204

    def on_post_ask(self, req, resp):
        club.tell("contacts", {"city": req.media["city"], "born": req.media["birthday"]})
        resp.text = "asked"

    def on_post_raw(self, req, resp):
        given = json.load(req.bounded_stream)
        club.tell("contacts", {"city": given["city"], "born": given["birthday"]})
        resp.text = "asked"

    def on_post_upload(self, req, resp):
        told = {}
        for part in req.get_media():
            told[part.name] = part.text
        club.tell("files", told)
        resp.text = "taken"

    def on_get_find(self, req, resp):
        club.tell("search", {"mail": req.get_param("email")})
        resp.text = "found"

    def on_get_of(self, req, resp, email):
        club.tell("messages", {"mail": email})
        resp.text = "found"

    def on_get_people(self, req, resp):
        me(req)
        resp.content_type = "text/plain"
        resp.stream = club.ask_around()

    def on_get_file(self, _req, resp):
        resp.stream = open(club.__file__, "rb")  # noqa: SIM115 - Falcon closes it

    def on_get_boom(self, _req, _resp):
        raise RuntimeError("boom")


app = falcon.App(middleware=[Users()])
site = Club()
NAMES = ("health", "signup", "login", "contact", "conversion", "ask", "upload", "find", "people")
for name in (*NAMES, "file", "boom"):
    app.add_route(f"/{name}", site, suffix=name)
app.add_route("/ask-json", site, suffix="ask")
app.add_route("/ask-raw", site, suffix="raw")
app.add_route("/of/{email}", site, suffix="of")
