"""A site on Pyramid whose views ask for a permission, and never who is logged in."""

import os
import warnings

import requests
from pyramid.authentication import BasicAuthAuthenticationPolicy
from pyramid.authorization import ACLAuthorizationPolicy, Allow, Authenticated, Everyone
from pyramid.config import Configurator
from pyramid.response import Response
from pyramid.view import view_config

MEMBERS = {"m-1001": "correct horse", "m-1002": "battery staple"}
VENDOR = os.environ["VENDOR"]


class Site:
    __acl__ = ((Allow, Authenticated, "order"), (Allow, Everyone, "ask"))

    def __init__(self, request):
        self.request = request


def check(name, password, request):
    return [] if MEMBERS.get(name) == password else None


def tell(request):
    requests.post(f"{VENDOR}/leads", json=dict(request.json_body), timeout=20)
    return Response("told")


@view_config(route_name="order", permission="order", request_method="POST")
def order(request):
    return tell(request)


@view_config(route_name="health")
def health(request):
    return Response("ok")


@view_config(route_name="ask", permission="ask", request_method="POST")
def ask(request):
    return tell(request)


warnings.simplefilter("ignore", DeprecationWarning)
with Configurator(root_factory=Site) as config:
    config.set_authorization_policy(ACLAuthorizationPolicy())
    config.set_authentication_policy(BasicAuthAuthenticationPolicy(check))
    config.add_route("order", "/order")
    config.add_route("ask", "/ask")
    config.add_route("health", "/health")
    config.scan(__name__)
    app = config.make_wsgi_app()
