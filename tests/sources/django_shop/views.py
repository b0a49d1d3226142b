"""Views that hand on what they are given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.auth import authenticate, login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path, re_path
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.response import Response

from tests.sources.django_shop.forwarding import answer, forward, forward_by
from tests.sources.django_shop.models import Customer, Order


class Contact(forms.Form):
    email = forms.EmailField()
    born = forms.DateField(required=False)


def form(request: HttpRequest) -> HttpResponse:
    return answer(request.POST["email"])


def checked(request: HttpRequest) -> HttpResponse:
    contact = Contact(request.POST)
    assert contact.is_valid()
    return answer(f"born {contact.cleaned_data['born'].year}")


def raw(request: HttpRequest) -> HttpResponse:
    return answer(json.loads(request.body)["email"])


def query(request: HttpRequest) -> HttpResponse:
    return answer(request.GET["email"])


def by_path(request: HttpRequest, email: str) -> HttpResponse:
    return answer(email)


def header(request: HttpRequest) -> HttpResponse:
    return answer(request.headers["X-User-Email"])


def cookie(request: HttpRequest) -> HttpResponse:
    return answer(request.COOKIES["email"])


def upload(request: HttpRequest) -> HttpResponse:
    return answer(request.FILES["contact"].read().decode())


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    email = request.POST["email"]

    def pieces() -> Iterator[str]:
        yield "<"
        forward(email)
        yield ">"

    return StreamingHttpResponse(pieces())


async def later(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return await asyncio.to_thread(answer, request.POST["email"])


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def sign_up(request: HttpRequest) -> HttpResponse:
    email = request.POST["email"]
    user = User.objects.create_user(email.partition("@")[0], email, "secret word")
    login(request, user)
    return answer(email)


def sign_in(request: HttpRequest) -> HttpResponse:
    user = authenticate(request, username=request.POST["username"], password="secret word")
    login(request, user)
    return HttpResponse("ok")


def mine(request: HttpRequest) -> HttpResponse:
    customer = Customer.objects.select_related("user").get(user=request.user)
    told = [customer.user.email, customer.city, str(customer.born), customer.monthly_income]
    return answer(told)


def order(request: HttpRequest, number: int) -> HttpResponse:
    found = Order.objects.get(pk=number)
    return answer([found.delivery_phone, found.article])


def broken(request: HttpRequest) -> HttpResponse:
    raise LookupError(request.GET["email"])


@api_view(["POST"])
@authentication_classes([TokenAuthentication])
def rest(request: Any) -> Response:
    forward(request.data["email"])
    return Response({"who": str(request.user)})


urlpatterns = [
    path("form", form), path("checked", checked), path("raw", raw), path("query", query),
    path("path/<str:email>", by_path), re_path(r"^regex/(?P<email>[^/]+)$", by_path),
    path("header", header), path("cookie", cookie), path("upload", upload),
    path("streamed", streamed), path("later", later), path("plain", plain),
    path("sign-up", sign_up), path("sign-in", sign_in), path("mine", mine),
    path("order/<int:number>", order), path("broken", broken), path("rest", rest),
    path("desk/", include("tests.sources.django_shop.desk")),
]  # fmt: skip
__all__ = ["Token", "forward_by", "urlpatterns"]
