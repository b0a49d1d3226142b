"""A club's site on Pyramid, written without any thought of tracking."""

import club
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPUnauthorized
from pyramid.response import FileResponse, Response
from pyramid.session import SignedCookieSessionFactory
from pyramid.view import view_config


def me(request):
    if "user_id" not in request.session:
        raise HTTPUnauthorized
    return request.session["user_id"]


@view_config(route_name="health", renderer="string")
def health(request):
    return "ok"


@view_config(route_name="signup", renderer="json")
def sign_up(request):
    request.response.status = 201
    return {"id": club.sign_up(request.POST)}


@view_config(route_name="login", renderer="string")
def log_in(request):
    user_id = club.log_in(request.params["email"], request.params["password"])
    request.session["user_id"] = user_id
    return club.name_of(user_id)


@view_config(route_name="contact")
def contact(request):
    club.contact(me(request))
    return Response(status=204)


@view_config(route_name="conversion")
def conversion(request):
    club.conversion(me(request))
    return Response(status=204)


@view_config(route_name="ask", renderer="string")
def ask(request):
    club.tell("contacts", {"city": request.params["city"], "born": request.POST.get("birthday")})
    return "asked"


@view_config(route_name="ask-json", renderer="string")
def ask_json(request):
    club.tell("contacts", {"city": request.json_body["city"], "born": request.json["birthday"]})
    return "asked"


@view_config(route_name="upload", renderer="string")
def upload(request):
    document = request.POST["document"]
    text = document.file.read().decode()
    club.tell("files", {"note": request.POST["note"], "name": text})
    return "taken"


@view_config(route_name="find", renderer="string")
def find(request):
    club.tell("search", {"mail": request.GET["email"]})
    return "found"


@view_config(route_name="of", renderer="string")
def of(request):
    club.tell("messages", {"mail": request.matchdict["email"]})
    return "found"


@view_config(route_name="people")
def people(request):
    me(request)
    return Response(app_iter=club.ask_around(), content_type="text/plain")


@view_config(route_name="file")
def file(request):
    return FileResponse(club.__file__, request=request)


@view_config(route_name="boom")
def boom(request):
    raise RuntimeError("boom")


ROUTES = ("health", "signup", "login", "contact", "conversion", "ask", "ask-json")
with Configurator() as config:
    config.set_session_factory(SignedCookieSessionFactory("club-secret-of-no-importance"))
    for name in (*ROUTES, "upload", "find", "people", "file", "boom"):
        config.add_route(name, f"/{name}")
    config.add_route("of", "/of/{email}")
    config.scan(__name__)
    app = config.make_wsgi_app()
