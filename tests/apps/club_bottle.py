"""A club's site on Bottle, written without any thought of tracking."""

import json

import club
from bottle import Bottle, HTTPResponse, request, response, static_file

SECRET = "club-secret-of-no-importance"
app = Bottle()


def me():
    user_id = request.get_cookie("user_id", secret=SECRET)
    if user_id is None:
        raise HTTPResponse(status=401)
    return user_id


@app.get("/health")
def health():
    return "ok"


@app.post("/signup")
def sign_up():
    response.status = 201
    return {"id": club.sign_up(request.forms)}


@app.post("/login")
def log_in():
    user_id = club.log_in(request.forms.email, request.forms.get("password"))
    response.set_cookie("user_id", user_id, secret=SECRET)
    return club.name_of(user_id)


@app.post("/contact")
def contact():
    club.contact(me())
    response.status = 204


@app.post("/conversion")
def conversion():
    club.conversion(me())
    response.status = 204


@app.post("/ask")
def ask():
    club.tell("contacts", {"city": request.forms.city, "born": request.forms.get("birthday")})
    return "asked"


@app.post("/ask-json")
def ask_json():
    club.tell("contacts", {"city": request.json["city"], "born": request.json["birthday"]})
    return "asked"


@app.post("/ask-raw")
def ask_raw():
    given = json.loads(request.body.read())
    club.tell("contacts", {"city": given["city"], "born": given["birthday"]})
    return "asked"


@app.post("/upload")
def upload():
    document = request.files["document"]
    club.tell("files", {"note": request.forms.note, "name": document.file.read().decode()})
    return "taken"


@app.get("/find")
def find():
    club.tell("search", {"mail": request.query.email})
    return "found"


@app.get("/of/<email>")
def of(email):
    club.tell("messages", {"mail": email})
    return "found"


@app.get("/people")
def people():
    me()
    response.content_type = "text/plain"
    return club.ask_around()


@app.get("/file")
def file():
    return static_file("club.py", root=club.__file__.rpartition("/")[0])


@app.get("/boom")
def boom():
    raise RuntimeError("boom")
