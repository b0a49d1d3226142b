from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from sst_otel.audit import open_reader
from sst_otel.keys import Keys
from sst_otel.pages.application import PagesApp
from sst_otel.settings import Settings
from tests.pages.client import Client, Reply
from tests.pages.conftest import Clock
from tests.pages.sample import ADA, GRACE, KEYS, STAFF_TOKEN


def sign_in(client: Client, token: str = STAFF_TOKEN, back: str = "", **environ: str) -> Reply:
    body = urlencode({"token": token, "next": back}).encode()
    return client("/sign-in", method="POST", body=body, **environ)


def cookie_of(reply: Reply) -> str:
    return (reply.header("Set-Cookie") or "").partition(";")[0]


def test_the_token_gives_a_cookie_that_is_not_the_token(client: Client) -> None:
    reply = sign_in(client)
    assert reply.status == 303
    assert reply.header("Location") == "/provenance/dashboard"
    header = reply.header("Set-Cookie") or ""
    assert STAFF_TOKEN not in header
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/provenance", "Max-Age=28800"):
        assert attribute in header
    assert "Secure" not in header

    logs = client("/api/audit-logs", HTTP_COOKIE=f'odd="{{}}; a=b; {cookie_of(reply)}').json
    assert {event["owner_id"] for event in logs["audit_logs"]} == {ADA, GRACE}
    page = client("/dashboard", HTTP_COOKIE=cookie_of(reply))
    assert "Sign out" in page.text


@pytest.mark.parametrize(
    "environ", [{"wsgi.url_scheme": "https"}, {"HTTP_X_FORWARDED_PROTO": "https"}]
)
def test_under_https_the_cookie_stays_there(client: Client, environ: dict[str, str]) -> None:
    assert "; Secure" in (sign_in(client, **environ).header("Set-Cookie") or "")


@pytest.mark.parametrize("token", ["", "wrong", STAFF_TOKEN + "x", "\u20ac", "\x00"])
def test_a_wrong_token_is_said_and_gives_nothing(client: Client, token: str) -> None:
    reply = sign_in(client, token)
    assert reply.status == 401
    assert reply.header("Set-Cookie") is None
    assert "That is not the staff token" in reply.text


def test_the_cookie_ends(client: Client, clock: Clock) -> None:
    cookie = cookie_of(sign_in(client))
    clock.at += 8 * 3600 - 1
    assert client("/dashboard", HTTP_COOKIE=cookie).status == 200
    clock.at += 2
    assert client("/dashboard", HTTP_COOKIE=cookie).status == 401


def test_a_cookie_cannot_be_made_longer_or_by_another_key(
    client: Client, audit_settings: Settings, clock: Clock
) -> None:
    name, _, value = cookie_of(sign_in(client)).partition("=")
    expiry, nonce, signature = value.split(".")
    for forged in (
        f"{int(expiry) + 1}.{nonce}.{signature}",
        f"{expiry}.{nonce}0.{signature}",
        f"{expiry}.{nonce}.{signature[:-1]}",
        f"{expiry}.{nonce}.",
    ):
        assert client("/dashboard", HTTP_COOKIE=f"{name}={forged}").status == 401
    elsewhere = PagesApp(
        lambda: open_reader(audit_settings, KEYS),
        Keys(b"another key of enough length"),
        audit_settings,
        now=clock,
    )
    assert Client(elsewhere)("/dashboard", HTTP_COOKIE=f"{name}={value}").status == 401


def test_a_new_token_signs_everybody_out(
    client: Client, audit_settings: Settings, clock: Clock
) -> None:
    cookie = cookie_of(sign_in(client))
    for token in ("another token", None):
        settings = replace(audit_settings, staff_token=token)
        app = PagesApp(lambda: open_reader(audit_settings, KEYS), KEYS, settings, now=clock)
        assert Client(app)("/dashboard", HTTP_COOKIE=cookie).status == 401


def test_signing_out_takes_the_cookie_away(client: Client) -> None:
    reply = client("/sign-out", method="POST")
    assert reply.status == 303
    header = reply.header("Set-Cookie") or ""
    assert header.startswith("sst_staff=;")
    assert "Max-Age=0" in header


def test_signing_in_leads_back_to_the_page_that_was_asked_for(client: Client) -> None:
    page = client("/audit-logs", "recipient=Meta&since=2026-11-22")
    back = "/provenance/audit-logs?recipient=Meta&since=2026-11-22"
    assert f'value="{back.replace("&", "&amp;")}"' in page.text
    assert sign_in(client, back=back).header("Location") == back


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/provenance/",
        "/elsewhere",
        "/provenance/../admin",
        "/provenance/x\r\nSet-Cookie: a=b",
        "/provenance/\\evil.example",
        "javascript:alert(1)",
    ],
)
def test_signing_in_leads_nowhere_else(client: Client, back: str) -> None:
    assert sign_in(client, back=back).header("Location") == "/provenance/dashboard"


@pytest.mark.parametrize("length", ["", "x", "-1", "\xb2", "99999999"])
def test_a_form_that_cannot_be_is_not_read(client: Client, length: str) -> None:
    reply = client("/sign-in", method="POST", body=b"token=x", CONTENT_LENGTH=length)
    assert reply.status == 401
