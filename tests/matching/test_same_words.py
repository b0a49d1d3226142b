"""A sentence that was put away for one person, and said to another of whom it is true as well."""

from __future__ import annotations

import json

import pytest

from sst_otel.registry.identity import mark
from sst_otel.registry.kept_texts import keep_texts
from sst_otel.scope import Scope
from sst_otel.shares import Part

from .conftest import World

GREETING = "Welcome to our club in Zwickau"


@pytest.fixture
def stored(world: World) -> None:
    """Bea's greeting has been put away."""
    former = Scope()
    datum = world.add("bea", "city", "Zwickau", former)
    text = "".join(GREETING)
    mark(text, (datum,), former, composed=True)
    keep_texts(world.registry, {"text": text})
    former.release()


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("city", ["Zwickau", "Reading"])
def test_it_is_whose_it_is_said_to(city: str, world: World) -> None:
    world.add("ann", "city", city, world.scope)
    said = Part("body", json.dumps({"body": f"{GREETING}!"}).encode())
    found = world.found(said, scope=world.scope)
    assert found == {"ann" if city == "Zwickau" else "bea": {"city": "composed"}}


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(("to", "types"), [("ann", set()), ("bea", {"city"}), ("", {"city"})])
def test_beside_an_address_it_is_not_somebody_elses(to: str, types: set[str], world: World) -> None:
    for person in ("ann", "bea"):
        world.add(person, "email", f"{person}.keller@example.net")
    document = {"to": f"{to}.keller@example.net" if to else "", "body": f"{GREETING}!"}
    found = world.found(Part("body", json.dumps(document).encode()), scope=world.scope)
    assert found.get("bea", {}).keys() - {"email"} == types
    assert found.get("ann", {}).keys() <= {"email"}
