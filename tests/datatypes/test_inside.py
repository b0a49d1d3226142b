"""Values that prove their own type within a text."""

from __future__ import annotations

import pytest

from sst_otel.datatypes import FieldClassifier
from sst_otel.datatypes.inside import LONGEST, MOST, lists_addresses, shown_inside
from sst_otel.datatypes.taxonomy import default_taxonomy

CLASSIFIER = FieldClassifier(default_taxonomy())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to ottoline.b@posteo.example, please.", {("email", "ottoline.b@posteo.example")}),
        ("<ottoline.b@posteo.example>", {("email", "ottoline.b@posteo.example")}),
        ("My phone (+44 7911 204 518) rang", {("phone", "+44 7911 204 518")}),
        ("It is +447911204518.", {("phone", "+447911204518")}),
        ("IBAN GB29NWBK60161331926819 ok", {("bank_account", "GB29NWBK60161331926819")}),
        ("IBAN GB29 NWBK 6016 1331 9268 19.", {("bank_account", "GB29 NWBK 6016 1331 9268 19")}),
        ("paid by 4111 1111 1111 1111 today", {("payment_card", "4111 1111 1111 1111")}),
        ("a@b.example and a@b.example again", {("email", "a@b.example")}),
        ("Mail info@shop.example or support@shop.example", set()),
        ("Mail helpdesk@shop.example or ops@shop.example", set()),
        ("IBAN GB29NWBK60161331926818 is wrong", set()),
        ("paid by 4111 1111 1111 1112 today", set()),
        ("since 2026-01-01 12:30 there are 1700000000000 of them, +20 % and +1.5", set()),
        ("see https://ann@host.example/x@2x.png or @ann or ann@", set()),
        ("order 4111111111111111-7 and x4111111111111111", set()),
        ("What is the capital of Peru?", set()),
        ("", set()),
    ],
)
def test_what_a_text_shows(text: str, found: set[tuple[str, str]]) -> None:
    assert set(shown_inside(text)) == found


def test_bounds() -> None:
    many = " ".join(f"ann.{number}@posteo.example" for number in range(MOST + 5))
    assert len(list(shown_inside(many))) == MOST
    assert not list(shown_inside("x" * LONGEST + " ann@posteo.example"))


@pytest.mark.parametrize(
    "path",
    [
        "messages.content",
        "messages.content.text",
        "chat.history.messages.m1.content",
        "prompt",
        "input",
        "question",
        "message",
        "message.output",
        "comment",
        "query",
        "note",
    ],
)
def test_fields_that_may_quote(path: str) -> None:
    assert CLASSIFIER.may_quote(path)


@pytest.mark.parametrize(
    "path",
    [
        "content",
        "article.content",
        "page.body",
        "text",
        "template.text",
        "message.id",
        "title",
        "variables.input.email",
        "messages.role",
        "",
    ],
)
def test_fields_that_publish_or_name(path: str) -> None:
    assert not CLASSIFIER.may_quote(path)


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("Ewald B. <ewald@netz.example>\noda@post.example\n", True),
        ("ewald@netz.example, oda@post.example;ulf@mail.example", True),
        ("Ewald Brinkmann <ewald@netz.example>", True),
        ("ewald@netz.example", False),
        ("Please write to oda@post.example, not to me", False),
        ("oda@post.example\nis her address", False),
        (b"oda@post.example, ulf@mail.example", False),
    ],
)
def test_lists_of_addresses(text: object, listed: bool) -> None:
    assert lists_addresses(text) is listed
