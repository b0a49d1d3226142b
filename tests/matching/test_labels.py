"""Running text with labels: only what a label names counts."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from sst_otel.matching.labels import MAX_LABELS, has_labels, labelled
from sst_otel.matching.leaf import Leaf
from sst_otel.registry.identity import mark
from sst_otel.shares import Part

from .conftest import World


def read(text: str) -> list[tuple[str, str]]:
    return [(leaf.key, leaf.text) for leaf in labelled([Leaf("body", "", (1,), text)])]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CONTEXT: Age: 32 | Biological sex: f", ("Biological sex", "f")),
        ("**Gender**: f\nmore", ("Gender", "f")),
        ("## Profile\n- City: Reading. She asks", ("City", "Reading")),
        ("with income = 50000, please", ("with income", "50000")),
        ("It is easy (sex: male)", ("sex", "male")),
        ("In case you forgot, your username is annk.", ("username", "annk")),
        ("A new address for the account <b>annk</b>", ("username", "annk")),
    ],
)
def test_labels(text: str, found: tuple[str, str]) -> None:
    assert found in read(text)
    assert has_labels(text)


@pytest.mark.parametrize(
    "text",
    ["at 12:30 o'clock", "see https://example.com/a b", "one word:", "Male: "],
)
def test_no_labels(text: str) -> None:
    assert read(text) == []


def test_json_is_no_labelled_text() -> None:
    assert not has_labels(json.dumps({"sex": "f", "url": "https://x.example", "n": {"a": [1]}}))


def test_a_text_of_labels_ends() -> None:
    assert len(read("a: b, " * (2 * MAX_LABELS))) == MAX_LABELS


def test_a_letter_says_what_somebodys_account_is_called(world: World) -> None:
    world.add("ann", "username", "annk")
    text = "Hello! You get this as somebody asked. In case you forgot, your username is %s."
    for said, found in (("annk", {"ann": {"username": "field"}}), ("anna", {})):
        world.scope.data.update(dict.fromkeys(world.registry.of_owner(world.people["ann"].ref)))
        part = Part("json", {"TextBody": text % said})
        assert world.found(part, scope=world.scope) == found


@pytest.mark.parametrize("form", ["prompt", "text"])
def test_a_value_under_its_label(world: World, form: str) -> None:
    world.scope.data.update(dict.fromkeys(world.registry.of_owner(world.people["ann"].ref)))
    text = "Patient. Gender: female | Employer: Boston"
    part = Part("body", json.dumps({"prompt": text}) if form == "prompt" else text)
    assert world.found(part, scope=world.scope) == {"ann": {"gender": "field"}}


def test_company_is_no_reason_in_running_text(world: World) -> None:
    text = "Contact: ann.smith@example.com, office: Boston, street: Elm Street"
    part = Part("body", json.dumps({"prompt": text}))
    assert set(world.found(part, scope=world.scope)["ann"]) == {"email"}


def test_another_value_under_the_label(world: World) -> None:
    world.scope.data.update(dict.fromkeys(world.registry.of_owner(world.people["ann"].ref)))
    part = Part("body", json.dumps({"prompt": "Describe a person. Gender: male"}))
    assert world.found(part, scope=world.scope) == {}


def test_a_colleague_s_town_is_not_the_reader_s(world: World) -> None:
    for owner in world.people.values():
        world.scope.data.update(dict.fromkeys(world.registry.of_owner(owner.ref)))
    text = "About a colleague. City: Boston"
    bea = [datum for datum in world.scope.data if datum.owner == world.people["bea"]]
    city = next(datum for datum in bea if datum.data_type == "city")
    mark(text, (city,), world.scope, composed=True)
    handed = [Part("json", {"prompt": text})]
    body = [Part("body", json.dumps({"prompt": text}))]
    match = world.matcher.match(body, world.scope, handed)
    assert {owner.id for owner in match.owners} == {"2"}


def test_xml_in_a_form_keeps_what_it_was_composed_of(world: World) -> None:
    text = "<to><n>Sex: f</n><p>02108 Boston</p></to>"
    city = world.add("ann", "city", "Boston", world.scope)
    mark(text, (city,), world.scope, composed=True)
    match = world.matcher.match(
        [Part("body", urlencode({"x": text}))], world.scope, [Part("data", {"x": text})]
    )
    assert {hit.evidence for hits in match.owners.values() for hit in hits} == {"composed"}
