"""Sentences of the application that are sent as copies, which the identity table does not know."""

from __future__ import annotations

import json

import pytest

from sst_otel.lifetime import end_scope
from sst_otel.lineage import put_away
from sst_otel.registry.identity import mark
from sst_otel.scope import Scope
from sst_otel.shares import Part

from .conftest import World

PROMPT = 'Dear Ann, your parcel\nfrom Boston says "hello" to you.'


def copied(text: str) -> str:
    return "".join(list(text))


@pytest.fixture
def prompt(world: World) -> str:
    """A sentence with two values that say nothing alone, put together in the scope."""
    data = [datum for datum in world.registry.of_owner(world.people["ann"].ref)]
    told = tuple(datum for datum in data if datum.data_type in ("first_name", "city"))
    text = copied(PROMPT)
    mark(text, told, world.scope, composed=True)
    return text


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"prompt": PROMPT}),
        json.dumps({"prompt": f"System: be brief. {PROMPT} Thanks."}),
        json.dumps({"inner": json.dumps({"prompt": PROMPT})}),
        f"<letter>{PROMPT}</letter>",
    ],
)
def test_the_copy_is_what_it_is_a_copy_of(world: World, prompt: str, body: str) -> None:
    assert prompt == PROMPT
    found = world.found(Part("body", body.encode()), scope=world.scope)
    assert set(found) == {"ann"}
    assert set(found["ann"]) == {"first_name", "city"}


@pytest.mark.parametrize(
    "text", ["Dear Ann, your parcel", "Dear customer, your parcel is here.", "Boston says hello."]
)
def test_another_sentence_is_none(world: World, prompt: str, text: str) -> None:
    assert prompt == PROMPT
    assert world.found(Part("body", json.dumps({"note": text}).encode()), scope=world.scope) == {}


def test_short_texts_and_few_words_are_too_common(world: World) -> None:
    (city,) = [
        datum
        for datum in world.registry.of_owner(world.people["ann"].ref)
        if datum.data_type == "city"
    ]
    for text in ("In Boston.", "Boston-Downtown-North", "Boston: 50,000.00 EUR"):
        mark(copied(text), (city,), world.scope, composed=True)
        body = json.dumps({"note": text}).encode()
        assert world.found(Part("body", body), scope=world.scope) == {}


def test_few_words_with_a_family_name_are_known_as_a_whole_field(world: World) -> None:
    (name,) = [
        datum
        for datum in world.registry.of_owner(world.people["bea"].ref)
        if datum.data_type == "name"
    ]
    text = copied("Appointment-Jones")
    mark(text, (name,), world.scope, composed=True)
    body = json.dumps({"title": "Appointment-Jones"}).encode()
    assert set(world.found(Part("body", body), scope=world.scope)["bea"]) == {"name"}
    body = json.dumps({"title": "Appointment-Jones-Miller"}).encode()
    assert world.found(Part("body", body), scope=world.scope) == {}


def test_what_a_batch_holds_is_known_when_the_scope_is_gone(
    world: World, prompt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_away, "registry", world.registry)
    batch = [{"prompt": prompt}]
    del prompt
    put_away.keep_held(world.scope)
    end_scope(world.scope)
    world.scope.release()
    body = json.dumps([{"prompt": copied(one["prompt"])} for one in batch]).encode()
    found = world.found(Part("body", body), scope=Scope())
    assert set(found["ann"]) == {"first_name", "city"}


@pytest.mark.parametrize(
    ("path", "is_told"),
    [
        ("/v1/customers/u-48213", True),
        ("/v1/members/u-48213/orders", True),
        ("/v1/lists/u-48213", False),
        ("/v1/u-48213", False),
    ],
)
def test_an_id_behind_the_noun_that_it_is_of(world: World, path: str, is_told: bool) -> None:
    world.add("ann", "user_id", "u-48213", world.scope)
    found = world.found(Part("url", f"https://crm.example{path}"), scope=world.scope)
    assert found == ({"ann": {"user_id": "field"}} if is_told else {})
