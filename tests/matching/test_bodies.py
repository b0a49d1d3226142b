"""Every form that vendors' bodies come in: whose, which types, by what evidence, and where."""

from __future__ import annotations

import base64
import gzip
import importlib
import io
import json
import zipfile
import zlib
from typing import Any
from urllib.parse import urlencode

import msgpack
import pytest
import zstandard

from sst_otel.shares import Part

from .conftest import World

brotli: Any = importlib.import_module("brotli")  # has no types
MAIL, TEL, CITY = "ann.smith@example.com", "+1 201 555 0123", "Boston"
USER = {"user": {"mail": MAIL, "tel": TEL, "city": CITY}}
JSON = json.dumps(USER).encode()
CODE = base64.b64encode(JSON).decode()
PLAIN = {"email": "normalized", "phone": "exact", "city": "field"}
CODED = {"email": "encoded", "phone": "encoded", "city": "field"}
BEA = json.dumps({"mail": "bea@example.org", "city": CITY}).encode()
FORM_HEAD = b'--b1\r\nContent-Disposition: form-data; name="d"\r\n'


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()


def said(coding: str, body: bytes) -> tuple[Part, ...]:
    return Part("headers", [("Content-Encoding", coding)]), Part("body", body)


def multipart(kind: str, body: bytes) -> tuple[Part, ...]:
    return Part("headers", [("Content-Type", f"multipart/{kind}; boundary=b1")]), Part("body", body)


def chunked(body: bytes, *, signed: bool = True, at: int = 25) -> bytes:
    signature = b";chunk-signature=" + b"a1" * 32 if signed else b""
    pieces = [body[:at], body[at:], b""]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), signature, piece) for piece in pieces)


def archived(body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("people.json", body)
    return out.getvalue()


Form = tuple[tuple[Part, ...], dict[str, str], str]


def plain(body: bytes | str, path: str = "body.user.mail") -> Form:
    return (Part("body", body),), PLAIN, path


def coded(body: bytes | str, path: str) -> Form:
    return (Part("body", body),), CODED, path


def with_head(parts: tuple[Part, ...], path: str = "body.user.mail") -> Form:
    return parts, PLAIN, path


FORMS: dict[str, Form] = {
    "json": plain(JSON),
    "json in UTF-16": plain(JSON.decode().encode("utf-16")),
    "json after a byte order mark": plain(b"\xef\xbb\xbf" + JSON),
    "json in a form": plain(urlencode({"data": JSON}), "body.data.user.mail"),
    "json in json in json": plain(
        json.dumps({"a": json.dumps({"b": JSON.decode()})}), "body.a.b.user.mail"
    ),
    "json in a query": (
        (Part("url", f"https://x/?{urlencode({'d': JSON})}"),),
        PLAIN,
        "url.query.d.user.mail",
    ),
    "json in base64 in a query": (
        (Part("url", f"https://x.example/?{urlencode({'d': CODE})}"),),
        CODED,
        "url.query.d.user.mail",
    ),
    "json in base64 in a form": coded(urlencode({"data": CODE}), "body.data.user.mail"),
    "json in base64": coded(CODE, "body.user.mail"),
    "json in base64 in json": coded(json.dumps({"r": [{"d": CODE}]}), "body.r[0].d.user.mail"),
    "a list in base64 in json": coded(
        json.dumps({"d": base64.b64encode(b"[" + JSON + b"]").decode()}), "body.d[0].user.mail"
    ),
    "indented json in base64url": coded(
        json.dumps({"d": base64.urlsafe_b64encode(json.dumps(USER, indent=1).encode()).decode()}),
        "body.d.user.mail",
    ),
    "wrapped base64": coded(
        json.dumps({"d": base64.encodebytes(gzip.compress(JSON)).decode()}), "body.d.user.mail"
    ),
    "gzip in base64": coded(
        json.dumps({"d": base64.b64encode(gzip.compress(JSON)).decode()}), "body.d.user.mail"
    ),
    "zstd in base64": coded(
        json.dumps({"d": base64.b64encode(zstandard.compress(JSON)).decode()}), "body.d.user.mail"
    ),
    "a token": coded(f"t=x.{CODE}.y", "body.t.user.mail"),
    "gzip": plain(gzip.compress(JSON)),
    "gzip in two members": plain(gzip.compress(JSON[:30]) + gzip.compress(JSON[30:])),
    "gzip cut off": plain(gzip.compress(JSON)[:-9]),
    "gzip of gzip": plain(gzip.compress(gzip.compress(JSON))),
    "zlib": plain(zlib.compress(JSON)),
    "deflate, which is zlib": with_head(said("deflate", zlib.compress(JSON))),
    "deflate, raw": with_head(said("deflate", deflated(JSON))),
    "zstd": plain(zstandard.compress(JSON)),
    "zstd in two frames": plain(zstandard.compress(JSON[:30]) + zstandard.compress(JSON[30:])),
    "brotli": with_head(said("br", brotli.compress(JSON))),
    "gzip, then brotli": with_head(said("gzip, br", brotli.compress(gzip.compress(JSON)))),
    "said gzip, is plain": with_head(said("gzip", JSON)),
    "said brotli, is gzip": with_head(said("br", gzip.compress(JSON))),
    "said deflate, is plain": with_head(said("deflate", b" " + JSON)),
    "aws-chunked": with_head(said("aws-chunked", chunked(JSON))),
    "aws-chunked, not signed": plain(chunked(JSON, signed=False)),
    "aws-chunked gzip": with_head(said("aws-chunked,gzip", chunked(gzip.compress(JSON)))),
    "aws-chunked, cut off": plain(chunked(JSON + b" " * 99)[:-150]),
    "lines": plain(JSON + b"\n" + b'{"a": 1}\n', "body[0].user.mail"),
    "a bulk of an index": plain(b'{"index":{}}\n' + JSON + b"\n", "body[1].user.mail"),
    "records of a sequence": plain(b"\x1e" + JSON + b"\n\x1e{}\n", "body[0].user.mail"),
    "an envelope": plain(b'{"event_id":"x"}\n{"type":"event"}\n' + JSON, "body[2].user.mail"),
    "gzip of lines of base64 of json": coded(
        gzip.compress(json.dumps({"d": CODE}).encode() + b"\n{}\n"), "body[0].d.user.mail"
    ),
    "msgpack": plain(msgpack.packb(USER)),
    "msgpack, several": plain(
        gzip.compress(msgpack.packb([1]) + msgpack.packb(USER)), "body[1].user.mail"
    ),
    "json in bytes of msgpack": plain(msgpack.packb({"d": JSON}), "body.d.user.mail"),
    "xml": plain(
        f"<u><user><mail>{MAIL}</mail><tel>{TEL}</tel><city>{CITY}</city></user></u>",
        "body.u.user.mail",
    ),
    "json in xml": plain(f"<u><d><![CDATA[{JSON.decode()}]]></d></u>", "body.u.d.user.mail"),
    "multipart": plain(FORM_HEAD + b"\r\n" + JSON + b"\r\n--b1--\r\n", "body.d.user.mail"),
    "multipart, cut off": plain(FORM_HEAD + b"\r\n" + JSON, "body.d.user.mail"),
    "multipart in lines of Unix": plain(
        (FORM_HEAD + b"\r\n" + JSON + b"\r\n--b1--\r\n").replace(b"\r\n", b"\n"), "body.d.user.mail"
    ),
    "multipart with a preamble": with_head(
        multipart("form-data", b"hi\r\n" + FORM_HEAD + b"\r\n" + JSON + b"\r\n--b1--"),
        "body.d.user.mail",
    ),
    "a gzipped part": plain(
        FORM_HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(JSON) + b"\r\n--b1--",
        "body.d.user.mail",
    ),
    "a part in base64": plain(
        FORM_HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + CODE.encode() + b"\r\n--b1--",
        "body.d.user.mail",
    ),
    "related parts": plain(
        b"--b1\r\nContent-Type: application/json\r\n\r\n" + JSON + b"\r\n--b1--",
        "body[0].user.mail",
    ),
    "a batch of calls": plain(
        b"--b1\r\nContent-Type: application/http\r\n\r\nPOST /u HTTP/1.1\r\nAccept: */*\r\n\r\n"
        + JSON
        + b"\r\n--b1--",
        "body[0].user.mail",
    ),
    "an archive": plain(archived(JSON), "body.people.user.mail"),
    "an archive in base64": coded(
        json.dumps({"d": base64.b64encode(archived(JSON)).decode()}), "body.d.people.user.mail"
    ),
}


@pytest.mark.parametrize(("parts", "types", "path"), FORMS.values(), ids=FORMS)
def test_each_form(world: World, parts: tuple[Part, ...], types: dict[str, str], path: str) -> None:
    match = world.match(*parts)
    (hits,) = match.owners.values()
    assert {hit.datum.data_type: hit.evidence for hit in hits} == types
    assert [hit.leaf.path for hit in hits if hit.datum.data_type == "email"] == [path]
    assert match.unread == 0


@pytest.mark.parametrize(
    "body",
    [
        JSON + b"\n" + BEA,
        gzip.compress(JSON + b"\n" + BEA),
        msgpack.packb(USER) + msgpack.packb(json.loads(BEA)),
        msgpack.packb([USER, json.loads(BEA)]),
        b"--b1\r\nContent-Type: a/b\r\n\r\n"
        + JSON
        + b"\r\n--b1\r\nContent-Type: a/b\r\n\r\n"
        + BEA,
    ],
    ids=["lines", "gzip of lines", "msgpack, two", "msgpack, a list", "multipart"],
)
def test_people_in_one_body_are_kept_apart(world: World, body: bytes) -> None:
    assert world.found(Part("body", body)) == {
        "ann": PLAIN,
        "bea": {"email": "exact", "city": "field"},
    }


def test_a_city_alone_in_lines_of_somebody_else(world: World) -> None:
    body = BEA + b"\n" + json.dumps({"city": "Boston", "mail": "stranger@example.net"}).encode()
    assert world.found(Part("body", body)) == {"bea": {"email": "exact", "city": "field"}}
