"""What a name, a town, an income are where they are somebody else's, or words of a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sst_otel.shares import Part

from .conftest import World


@pytest.fixture
def will(world: World) -> World:
    """Ann's request; a customer called Will Baker is known beside her."""
    for data_type, value in (("city", "Boston"), ("income", 50000.0), ("first_name", "Ann")):
        world.add("ann", data_type, value, world.scope)
    world.add("bea", "name", "Will Baker")
    return world


def found(world: World, document: Any) -> set[tuple[str, str]]:
    people = world.found(Part("body", json.dumps(document).encode()), scope=world.scope)
    return {(person, data_type) for person, types in people.items() for data_type in types}


class TestRecords:
    """A record with another address in it is not the caller's, though it says the same town."""

    @pytest.mark.parametrize(
        "record",
        [
            {"email": "carl@example.net", "city": "Boston"},
            {"email": "carl@example.net", "address": {"city": "Boston"}},
            {"customer_email": "carl@example.net", "customer_city": "Boston", "x": 1},
            {"email": "carl@example.net", "first_name": "Ann", "income": 50000},
            [{"email": f"c{n}@example.net", "income": 50000} for n in range(3)],
        ],
    )
    def test_somebody_elses(self, will: World, record: Any) -> None:
        assert found(will, {"data": record}) == set()

    @pytest.mark.parametrize(
        "record",
        [
            {"city": "Boston"},
            {"to_email": "sales@example.net", "city": "Boston"},
            {"email": "A***@example.com", "city": "Boston"},
            {"email": "5f0e...9a", "city": "Boston"},
            {"email": "Ann.Smith@example.com", "city": "Boston"},
            {"email": "Ann.Smith@example.com", "home": {"city": "Boston"}},
            {"email": "shop@example.net", "a": {"b": {"city": "Boston"}}},
        ],
    )
    def test_her_own(self, will: World, record: Any) -> None:
        assert ("ann", "city") in found(will, record)

    def test_of_somebody_without_an_address(self, world: World) -> None:
        """What she has just typed may be her own, and new."""
        world.people["new"] = world.minter.owner("3")
        world.add("new", "city", "Genoa", world.scope)
        assert found(world, {"email": "new@example.net", "city": "Genoa"}) == {("new", "city")}


class TestWords:
    """A name has one style; a word that is small beside a capital goes on with a sentence."""

    @pytest.mark.parametrize(
        "text", ["Mr Baker will call.", "Baker, will you", "a will Baker left", "BAKER will"]
    )
    def test_of_a_sentence(self, will: World, text: str) -> None:
        assert found(will, {"text": text}) == set()

    @pytest.mark.parametrize(
        "text",
        [
            *("Will Baker", "WILL BAKER", "will baker", "Baker, Will", "call Will Baker now"),
            "Mr Baker will call Will Baker",
        ],
    )
    def test_of_a_name(self, will: World, text: str) -> None:
        assert ("bea", "name") in found(will, {"text": text})
