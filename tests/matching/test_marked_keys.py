"""Objects keyed by what is known of somebody, and objects that JSON has escaped."""

from __future__ import annotations

import json

from sst_otel import semconv
from sst_otel.registry.identity import mark
from sst_otel.shares import Part
from tests.matching.conftest import World

TOWN = "Besançon"


def test_a_key_that_identity_knows_is_shared_and_not_shown(world: World) -> None:
    number = int("48213")
    datum = world.add("ann", "user_id", number, world.scope)
    mark(number, (datum,), world.scope)
    scores = {"scores": {number: {"points": 61.2}, 48377: {"points": 1.5}}}
    body = Part("body", json.dumps(scores).encode())
    match = world.matcher.match((body,), world.scope, (Part("json", scores),))
    ((owner, hits),) = match.owners.items()
    assert owner == world.people["ann"]
    assert [(hit.datum.data_type, hit.evidence) for hit in hits] == [("user_id", semconv.EXACT)]
    assert "48213" not in hits[0].leaf.path


def test_the_path_below_such_a_key_shows_nothing_of_it(world: World) -> None:
    town = "".join(["Bath", "gate"])
    mail = "".join(["Ann.Smith", "@example.com"])
    for text, data_type in ((town, "city"), (mail, "email")):
        mark(text, (world.add("ann", data_type, text, world.scope),), world.scope)
    tree = {town: {"to": mail}}
    body = Part("body", json.dumps(tree).encode())
    match = world.matcher.match((body,), world.scope, (Part("json", tree),))
    hits = match.owners[world.people["ann"]]
    assert {hit.datum.data_type for hit in hits} == {"city", "email"}
    assert not [hit for hit in hits if town in hit.leaf.path]


def test_a_weak_value_with_an_accent_counts_beside_a_certain_one(world: World) -> None:
    """The body has ``\\u00e7`` where the object that it was made of has the letter."""
    mail = "".join(["Ann.Smith", "@example.com"])
    mark(mail, (world.add("ann", "email", mail, world.scope),), world.scope)
    world.add("ann", "city", TOWN, world.scope)
    tree = {"contact": mail, "from": "".join(["Besan", "çon"])}
    body = Part("body", json.dumps(tree).encode())
    match = world.matcher.match((body,), world.scope, (Part("json", tree),))
    hits = match.owners[world.people["ann"]]
    assert {hit.datum.data_type for hit in hits} == {"city", "email"}


def test_an_address_written_for_who_takes_no_at_sign(world: World) -> None:
    for text in (
        *("GIFT 17 Ann.Smith(at)example.com", "ann.smith [at] example [dot] com, please"),
        "write to Ann.Smith (AT) example.com",
    ):
        assert world.found(Part("json", {"text": text}))["ann"] == {"email": semconv.NORMALIZED}
    assert world.found(Part("json", {"text": "Ann.Smith(atlas)example.com"})) == {}


def test_people_counted_by_town_are_nobody(world: World) -> None:
    """The key is the customer's own object; what stands under it is how many there are."""
    town, name = "".join(["Bath", "gate"]), "".join(["Anna", "bel"])
    mark(town, (world.add("ann", "city", town, world.scope),), world.scope)
    mark(name, (world.add("ann", "first_name", name, world.scope),), world.scope)
    for tree, told in (({town: 3}, set()), ({town: "3 km"}, {"city"}), ({name: 3}, {"first_name"})):
        body = Part("body", json.dumps({"by": tree}).encode())
        match = world.matcher.match((body,), world.scope, (Part("json", {"by": tree}),))
        hits = match.owners.get(world.people["ann"], [])
        assert {hit.datum.data_type for hit in hits} == told
        found = world.matcher.match((Part("json", {"by": tree}),), world.scope).owners
        assert {hit.datum.data_type for hits in found.values() for hit in hits} == told
