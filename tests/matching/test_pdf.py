"""What a PDF shows is read: plain, compressed, in hex, and in an embedded font's own codes."""

from __future__ import annotations

import base64
import zlib

import pytest

from sst_otel.matching.compression import Budget
from sst_otel.matching.pdf import pdf_lines
from sst_otel.shares import Part

from .conftest import World

LETTER = b"""q BT /F1 12 Tf 50 700 Td (Ann Smith) Tj 0 -14 Td (12 Main \\(rear\\) Street) Tj
0 -14 Td [(021) 20 (08) -250 (Boston)] TJ T* (Total: 50\\200) Tj ET Q"""
LINES = ["Ann Smith", "12 Main (rear) Street", "02108 Boston", "Total: 50\u20ac"]


def pdf(*streams: tuple[bytes, bytes], trailer: bytes = b"") -> bytes:
    """Return a document of ``(entries of the stream's dictionary, bytes)``."""
    made = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    for number, (entries, content) in enumerate(streams, 1):
        made += b"%d 0 obj\n<< /Length %d %s >>\n" % (number, len(content), entries)
        made += b"stream\n" + content + b"\nendstream\nendobj\n"
    return made + b"trailer\n<< /Size 9 /Root 1 0 R " + trailer + b" >>\n%%EOF\n"


def _deflated(content: bytes) -> tuple[bytes, bytes]:
    return b"/Filter /FlateDecode", zlib.compress(content)


def test_a_letter_says_whose_it_is(world: World) -> None:
    body = pdf(_deflated(LETTER.replace(b" \\(rear\\)", b"")))
    assert set(world.found(Part("body", body))["ann"]) >= {"street_address"}
    mail = LETTER.replace(b"Total: 50\\200", b"ann.smith@example.com")
    assert set(world.found(Part("body", pdf(_deflated(mail))))["ann"]) >= {"email", "city"}


def test_town_and_code_stand_in_one_line(world: World) -> None:
    for line in (b"Boston 02108-1234", b"Boston, 02108", b"Boston"):
        drawn = b"BT (ann.smith@example.com) Tj T* (%s) Tj ET" % line
        assert set(world.found(Part("body", pdf((b"", drawn))))["ann"]) == {"email", "city"}
    drawn = b"BT (ann.smith@example.com) Tj T* (Boston baked beans) Tj ET"
    assert set(world.found(Part("body", pdf((b"", drawn))))["ann"]) == {"email"}


def test_nobodys_letter(world: World) -> None:
    assert world.found(Part("body", pdf(_deflated(b"BT (Invoice 17 of 2026) Tj ET")))) == {}


@pytest.mark.parametrize(
    "stream",
    [
        (b"", LETTER),
        _deflated(LETTER),
        (
            b"/Filter [ /ASCII85Decode /FlateDecode ]",
            base64.a85encode(zlib.compress(LETTER)) + b"~>",
        ),
        (b"/Filter /ASCIIHexDecode", LETTER.hex().encode() + b">"),
    ],
)
def test_streams_and_their_filters(stream: tuple[bytes, bytes]) -> None:
    assert pdf_lines(pdf(stream)) == LINES


CODES = b"""/CIDInit /ProcSet findresource begin begincmap
2 beginbfchar <0001> <0041> <0002> <00FC> endbfchar
2 beginbfrange <0010> <0012> <0061> <0020> <0021> [<0078> <00660066>] endbfrange endcmap"""


def test_codes_of_an_embedded_font() -> None:
    shown = b"BT <000100100011> Tj T* <00020020 0021> Tj ET"
    found = pdf_lines(pdf(_deflated(shown), _deflated(CODES)))
    assert found == ["Aab", "\u00fcxff"]


def test_title_author_and_comments() -> None:
    title = "F\u00fcr Ann".encode("utf-16-be")
    told = pdf(trailer=b"/Title <feff%s> /Author (Ann \\\nSmith)" % title.hex().encode())
    assert pdf_lines(told) == ["F\u00fcr Ann", "Ann Smith"]


def test_what_holds_no_text_is_passed_over() -> None:
    picture = (b"/Subtype /Image /Filter /FlateDecode", zlib.compress(LETTER))
    unknown = (b"/Filter /LZWDecode", LETTER)
    damaged = (b"/Filter /ASCII85Decode", b"BT (x) Tj ET \xff~>")
    assert pdf_lines(pdf(picture, unknown, damaged)) == []


def test_a_sealed_document_says_nothing() -> None:
    assert pdf_lines(pdf((b"", LETTER), trailer=b"/Encrypt 5 0 R")) == []


def test_a_cut_document_and_a_small_budget() -> None:
    whole = pdf((b"", LETTER), _deflated(LETTER))
    assert pdf_lines(whole[: whole.index(b"endstream")])[:2] == LINES[:2]
    budget = Budget(20)
    assert pdf_lines(pdf(_deflated(LETTER)), budget) != LINES
    assert budget.cut
