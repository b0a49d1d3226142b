"""Values that people share go to the person whom the payload or the scope names."""

from __future__ import annotations

import hashlib
from typing import Any

from sst_otel.registry.datum import Datum, derive
from sst_otel.registry.identity import mark
from sst_otel.scope import Scope
from sst_otel.shares import Part
from sst_otel.tags import NOBODY

from .conftest import ANN, BEA, World


def scope_of(world: World, person: str, values: dict[str, Any]) -> Scope:
    scope = Scope()
    scope.owner = world.people[person]
    for data_type, value in values.items():
        world.add(person, data_type, value, scope)
    return scope


class TestWeakValues:
    """Below 20 bits a reason is needed."""

    def test_under_a_key_that_names_the_type(self, world: World) -> None:
        scope = scope_of(world, "ann", ANN)
        payload = {"gender": "female", "annual_income": 50000, "title": "Boston"}
        assert world.found(Part("json", payload), scope=scope) == {
            "ann": {"gender": "field", "income": "field"}
        }

    def test_not_without_a_scope(self, world: World) -> None:
        assert world.found(Part("json", {"gender": "female", "income": 50000})) == {}

    def test_beside_a_strong_value_of_the_same_person(self, world: World) -> None:
        payload = {"m": ANN["email"], "where": "Boston", "n": 50000, "ge": "female"}
        assert world.found(Part("json", payload)) == {
            "ann": {"email": "exact", "city": "exact", "gender": "field"}
        }

    def test_first_and_last_name_together_are_a_full_name(self, world: World) -> None:
        world.people["kim"] = world.minter.owner("kim")
        world.add("kim", "first_name", "Kim")
        world.add("kim", "last_name", "Lindqvist")
        assert world.found(Part("body", "Dear Kim Lindqvist,")) == {
            "kim": {"first_name": "exact", "last_name": "exact"}
        }
        assert world.found(Part("body", "LINDQVIST, KIM")) == {
            "kim": {"first_name": "normalized", "last_name": "normalized"}
        }
        assert world.found(Part("body", "Kim met a Lindqvist")) == {}

    def test_not_beside_another_persons_strong_value(self, world: World) -> None:
        payload = {"m": BEA["email"], "ge": "female"}
        assert world.found(Part("json", payload)) == {"bea": {"email": "exact"}}

    def test_a_low_entropy_digest_needs_an_anchor_and_its_key(self, world: World) -> None:
        digest = hashlib.sha256(b"f").hexdigest()
        assert world.found(Part("json", {"ge": digest})) == {}
        payload = {"ge": digest, "em": hashlib.sha256(b"ann.smith@example.com").hexdigest()}
        assert world.found(Part("json", payload)) == {
            "ann": {"email": "hashed", "gender": "hashed"}
        }


class TestSharedValues:
    """Ann and Bea share a birthday, a city, an income and a first name."""

    def test_the_object_decides(self, world: World) -> None:
        rows = [
            {"email": ANN["email"], "city": "Boston", "birthday": "1990-05-17"},
            {"email": BEA["email"], "city": "Boston", "birthday": "1990-05-17"},
        ]
        assert world.found(Part("json", rows)) == {
            "ann": {"email": "exact", "city": "field", "birthday": "field"},
            "bea": {"email": "exact", "city": "field", "birthday": "field"},
        }

    def test_the_row_of_an_export_decides(self, world: World) -> None:
        lines = ["Mail;Name;City;Salary"]
        lines += [f"{person['email']};{person['name']};Boston;50000" for person in (ANN, BEA)]
        assert world.found(Part("body", "\r\n".join(lines).encode())) == {
            "ann": {"email": "exact", "name": "exact", "city": "field", "income": "field"},
            "bea": {"email": "exact", "name": "exact", "city": "field", "income": "field"},
        }

    def test_the_payload_wins_over_the_scope(self, world: World) -> None:
        scope = scope_of(world, "ann", ANN)
        payload = {"email": BEA["email"], "city": "Boston"}
        assert world.found(Part("json", payload), scope=scope) == {
            "bea": {"email": "exact", "city": "field"}
        }

    def test_the_scope_decides_where_the_payload_does_not(self, world: World) -> None:
        for person, values in (("ann", ANN), ("bea", BEA)):
            scope = scope_of(world, person, values)
            payload = {"city": "Boston", "birthday": "1990-05-17"}
            found = world.found(Part("json", payload), scope=scope)
            assert found == {person: {"city": "field", "birthday": "field"}}

    def test_a_weak_value_of_several_is_nobodys(self, world: World) -> None:
        scope = Scope()  # somebody on the staff looks at both
        for person, values in (("ann", ANN), ("bea", BEA)):
            for data_type, value in values.items():
                world.add(person, data_type, value, scope)
        assert world.found(Part("json", {"city": "Boston", "income": 50000}), scope=scope) == {}
        assert world.found(Part("json", {"a": "Boston", "b": "1990-05-17"}), scope=scope) == {}
        assert world.found(Part("json", {"gender": "female"}), scope=scope) == {
            "ann": {"gender": "field"}
        }

    def test_two_weak_values_of_one_person_are_theirs(self, world: World) -> None:
        scope = scope_of(world, "ann", {"city": "Boston", "birthday": ANN["birthday"]})
        assert world.found(Part("json", {"a": "Boston", "b": "1990-05-17"}), scope=scope) == {
            "ann": {"city": "exact", "birthday": "exact"}
        }
        assert world.found(Part("json", {"a": "Boston", "b": "1990-05-18"}), scope=scope) == {}

    def test_a_value_of_too_many_says_nothing(self, world: World) -> None:
        for number in range(30):
            world.people[f"p{number}"] = world.minter.owner(f"p{number}")
            world.add(f"p{number}", "phone", "+44 20 7946 0958")
        assert world.found(Part("json", {"p": "+442079460958"})) == {}

    def test_nobody_never_anchors(self, world: World) -> None:
        world.people["nobody"] = NOBODY
        world.add("nobody", "email", "lost@example.com")
        world.add("nobody", "city", "Lisbon")
        payload = {"m": "lost@example.com", "t": "Lisbon"}
        assert world.found(Part("json", payload)) == {"nobody": {"email": "exact"}}


class TestIdentity:
    """An object that carries a mark is what it says, and nothing else claims it."""

    def test_a_weak_value_without_any_key(self, world: World) -> None:
        scope = world.scope
        income = float("50000.5")
        mark(income, (world.add("ann", "income", income, scope),), scope)
        assert world.found(Part("json", {"x": income}), scope=scope) == {"ann": {"income": "exact"}}

    def test_derived_values_bring_their_parents_types(self, world: World) -> None:
        scope = world.scope
        income = world.add("ann", "income", 50000.0, scope)
        rate = 50000.0 / 7
        mark(rate, derive((income,), rate, "truediv"), scope)
        assert world.found(Part("json", {"rate": rate}), scope=scope) == {
            "ann": {"derived": "derived", "income": "derived"}
        }

    def test_composed_text(self, world: World) -> None:
        scope = world.scope
        prompt = "I earn {} in {}".format("50000", "Boston")
        data = (world.add("ann", "income", "50000"), world.add("ann", "city", "Boston"))
        mark(prompt, data, scope, composed=True)
        assert world.found(Part("input", prompt), scope=scope) == {
            "ann": {"income": "composed", "city": "composed"}
        }

    def test_what_identity_explains_is_not_claimed_again(self, world: World) -> None:
        scope = world.scope
        for data_type, value in (("email", ANN["email"]), ("city", "Boston")):
            world.add("ann", data_type, value, scope)
        world.add("ann", "last_name", "Boston", scope)
        city = "".join(["Bos", "ton"])
        mark(city, (world.add("ann", "city", "Boston"),), scope)
        payload = {"email": ANN["email"], "place": city}
        assert world.found(Part("json", payload), scope=scope) == {
            "ann": {"email": "exact", "city": "exact"}
        }

    def test_a_weak_value_among_objects_without_marks(self, world: World) -> None:
        scope = world.scope
        world.add("ann", "city", "Boston", scope)
        handed_over = (Part("json", {"city": "".join(["Bos", "ton"])}),)
        body = (Part("body", b'{"city": "Boston"}'),)
        match = world.matcher.match(body, scope, handed_over)
        (hits,) = match.owners.values()
        assert [hit.datum.data_type for hit in hits] == ["city"]


def test_a_namesake_is_not_meant_where_identity_tells_who_is(world: World) -> None:
    """The own name was pushed out of the registry, the other person's is still in it."""
    world.add("bea", "name", "Zora Vanterpool")
    name = "".join(["Zora ", "Vanterpool"])
    mark(name, (Datum(world.people["ann"], "name", name, "test"),), world.scope)
    text = "".join(["Dear ", name])
    mark(text, (Datum(world.people["ann"], "name", name, "test"),), world.scope, composed=True)
    for tree in ({"name": name}, {"text": text}, {"name": name, "note": "for Zora Vanterpool"}):
        found = world.found(Part("json", tree), scope=world.scope)
        assert list(found) == (["ann", "bea"] if "note" in tree else ["ann"])
