"""Tokens, credentials, file names: what is read there counts, the caller's account does not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sst_otel.matching.claims import claims_in, told_by_credentials
from sst_otel.matching.multipart import multipart_fields
from sst_otel.registry.identity import mark
from sst_otel.shares import Part

from .conftest import World

MAIL = "ann.smith@example.com"


def code(tree: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(tree).encode()).decode().rstrip("=")


def token(**claims: Any) -> str:
    return f"{code({'alg': 'HS256'})}.{code(claims)}.c2lnbmF0dXJlLW9mLWl0"


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:s3cret".encode()).decode()


def header(value: str) -> Part:
    return Part("headers", [("Authorization", value)])


def test_the_claims_of_a_token_are_fields(world: World) -> None:
    world.add("ann", "user_id", 100, world.scope)
    part = Part("json", {"token": token(sub="100", email=MAIL)})
    assert world.found(part, scope=world.scope) == {"ann": {"email": "encoded", "user_id": "field"}}
    match = world.match(part, scope=world.scope)
    paths = {hit.leaf.path for hits in match.owners.values() for hit in hits}
    assert "json.token.sub" in paths


def test_a_bearer_token_counts_as_far_as_the_request_knows_it(world: World) -> None:
    sent = header("Bearer " + token(email=MAIL))
    assert world.found(sent) == {}
    world.add("ann", "email", MAIL, world.scope)
    assert world.found(sent, scope=world.scope) == {"ann": {"email": "encoded"}}


def test_user_and_password_count_where_they_were_followed(world: World) -> None:
    datum = world.add("ann", "email", MAIL, world.scope)
    sent = header(basic(MAIL))
    assert world.found(sent, scope=world.scope) == {}
    given = "".join(MAIL)
    followed = given[:5] + given[5:]
    mark(followed, (datum,), world.scope)
    match = world.matcher.match([sent], world.scope, [Part("auth", (followed, "s3cret"))])
    ((hit,),) = match.owners.values()
    assert (hit.datum.data_type, hit.leaf.path) == ("email", "auth[0]")


def test_credentials_for_another_call_do_not_count(world: World) -> None:
    datum = world.add("ann", "email", MAIL, world.scope)
    followed = MAIL[:5] + MAIL[5:]
    mark(followed, (datum,), world.scope)
    given = [Part("auth", (followed, "s3cret"))]
    assert not world.matcher.match([header(basic("service"))], world.scope, given).owners


@pytest.mark.parametrize(
    "text",
    ["", "Basic", "Basic !", "Basic AAAA", "Basic " + "A" * 13, "Bearer eyJ", "eyJ" + "x" * 50],
)
def test_nothing_malformed_raises(world: World, text: str) -> None:
    assert list(claims_in(text)) == []
    assert type(told_by_credentials(text)) is str
    assert world.found(header(text), Part("json", [text])) == {}


FILE_NAMES = {
    'name="f"; filename="contract of {}"': MAIL,
    "name=\"f\"; filename*=UTF-8''contract%20of%20{}": "ann.smith%40example.com",
    "filename*=iso-8859-1'en'{}; name=\"f\"": "ann.smith%40example.com",
    'filename="{}"; name="f"': "ann.smith%40example.com",
}


@pytest.mark.parametrize(("form", "written"), FILE_NAMES.items(), ids=range(len(FILE_NAMES)))
def test_a_files_name_is_sent_too(world: World, form: str, written: str) -> None:
    head = f"--b1\r\nContent-Disposition: form-data; {form.format(written)}\r\n\r\n"
    body = f"{head}%PDF\r\n--b1--\r\n".encode()
    fields = multipart_fields(body) or ()
    assert [(field.name, field.content) for field in fields] == [("f", b"%PDF")]
    match = world.match(Part("body", body))
    assert [hit.leaf.path for hits in match.owners.values() for hit in hits] == ["body.f.filename"]


def test_a_document_in_a_field_is_sent_where_its_leaves_are(world: World) -> None:
    datum = world.add("ann", "first_name", "Ann", world.scope)
    document = json.dumps({"a@example.net": {"x": "Ann"}})
    mark(document, (datum,), world.scope, composed=True)
    sent = Part("json", {"variables": document, "more": {"mail": MAIL}})
    for where in ("data", "json"):
        given = [Part(where, {"variables": document})]
        plain = json.loads(json.dumps(sent.value))
        match = world.matcher.match([Part("body", json.dumps(plain).encode())], world.scope, given)
        assert {hit.datum.data_type for hits in match.owners.values() for hit in hits} == {
            "email",
            "first_name",
        }
