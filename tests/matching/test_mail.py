"""Mail messages as they are sent: by a mail library, and inside a vendor's call."""

from __future__ import annotations

import base64
import json
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

import pytest

from sst_otel.matching.mime import MAX_PARTS, mail_parts
from sst_otel.shares import Part

from .conftest import World

MAIL, TEL = "ann.smith@example.com", "+1 201 555 0123"
FILLING = " and so on, für immer" * 20


def message(encoding: str, *, html: bool = False, attached: str = "") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "shop@example.net"
    made["To"] = "Zoë <someone@example.net>"
    made["Subject"] = "Grüße von Ann Smith"
    made.set_content(f"Call {TEL}{FILLING}", cte=encoding)
    if html:
        made.add_alternative(f"<p>or <b>{MAIL}</b>{FILLING}</p>", subtype="html", cte=encoding)
    if attached:
        made.add_attachment(attached.encode(), "text", "csv", filename="Ann Smith.csv")
    return made


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["lines of Unix", "lines as sent"])
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_headers_and_parts(world: World, encoding: str, ends: bytes) -> None:
    body = message(encoding, html=True).as_bytes().replace(b"\n", ends)
    match = world.match(Part("body", body))
    (hits,) = match.owners.values()
    assert {(hit.datum.data_type, hit.leaf.path) for hit in hits} == {
        ("name", "body.Subject"),
        ("phone", "body.plain"),
        ("email", "body.html"),
    }


def test_an_export_that_is_attached(world: World) -> None:
    rows = f"mail,city\n{MAIL},Boston\nbea@example.org,Boston\n"
    body = message("base64", attached=rows).as_bytes()
    found = world.found(Part("body", body))
    assert found["ann"]["city"] == found["bea"]["city"] == "field"
    assert found["bea"]["email"] == "exact"
    paths = {
        hit.leaf.path
        for hits in world.match(Part("body", body)).owners.values()
        for hit in hits
        if hit.datum.data_type == "name"
    }
    assert paths <= {"body.Subject", "body.csv.filename"}


@pytest.mark.parametrize("coded", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_message_in_a_vendors_call(world: World, coded: Any) -> None:
    raw = coded(message("base64").as_bytes()).decode()
    for body, path in (
        (json.dumps({"Content": {"Raw": {"Data": raw}}}), "body.Content.Raw.Data.plain"),
        (urlencode({"RawMessage.Data": raw}), "body.{key}.plain"),
    ):
        (hits,) = world.match(Part("body", body)).owners.values()
        assert path in {hit.leaf.path for hit in hits if hit.datum.data_type == "phone"}


def test_a_message_as_text(world: World) -> None:
    found = world.found(Part("body", message("quoted-printable").as_string()))
    assert set(found["ann"]) == {"name", "phone"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Dear Ann: content-type is a header",
        b"mail: x\ncity: y\n",
        b"Content-Type: text/plain",
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed\n\nx",
        b"MIME-Version: 1.0\nContent-Type: text/plain; charset=no-such\n\nx",
        b"MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n!!!!",
        b"MIME-Version: 1.0\nSubject: =?utf-8?b?////?= =?x?q?y?=\n\nx",
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 2_000,
        b"MIME-Version: 1.0\n" + b"X-A: b\n" * 5_000,
        b"".join(
            b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
            for n in range(2_000)
        ),
    ],
    ids=range(11),
)
def test_anything_that_looks_like_one(world: World, body: bytes) -> None:
    assert len(mail_parts(body) or ()) <= 2 * MAX_PARTS + 2
    assert world.found(Part("body", body)) == {}
    assert "ann" in world.found(Part("body", body + b"\n\n" + MAIL.encode())) or b"base64" in body
