"""First and last name, both common words, that the program has put together out of our sight."""

from __future__ import annotations

import json

import pytest

from sst_otel.registry.forms import WeakForms
from sst_otel.shares import Part
from sst_otel.tags import NOBODY

from .conftest import World

MAIL = "mark@mail.example"


@pytest.fixture
def mark(world: World) -> World:
    for data_type, value in (("first_name", "Mark"), ("last_name", "Field"), ("email", MAIL)):
        world.add("ann", data_type, value, world.scope)
    return world


def found(world: World, document: object) -> dict[str, str]:
    part = Part("body", json.dumps(document))
    return world.found(part, scope=world.scope).get("ann", {})


@pytest.mark.parametrize("name", ["Mark Field", "MARK FIELD", "Field, Mark"])
def test_under_a_key(mark: World, name: str) -> None:
    assert found(mark, {"recipient_name": name}) == {"first_name": "field", "last_name": "field"}


def test_beside_the_mail(mark: World) -> None:
    assert set(found(mark, {"x1": "Mark Field", "x2": MAIL})) == {
        "first_name",
        "last_name",
        "email",
    }


@pytest.mark.parametrize("document", [{"x1": "Mark Field"}, {"p": f"{MAIL}: who: mark field"}])
def test_alone_and_in_running_text(mark: World, document: object) -> None:
    assert set(found(mark, document)) <= {"email"}


def test_names_of_nobody_are_not_joined(world: World) -> None:
    first = world.registry.add(NOBODY, "first_name", "Mark", "test")
    last = world.registry.add(NOBODY, "last_name", "Field", "test")
    forms = WeakForms({first: None, last: None}).read()
    assert not forms.get("mark field")


@pytest.mark.parametrize("name", ["Ines Maria Valverdinho", "Valverdinho, Ines"])
def test_a_full_name_that_was_split(world: World, name: str) -> None:
    """One column holds the name, a vendor wants two: what an SDK serialised is another object."""
    for data_type, value in (("name", name), ("email", MAIL)):
        world.add("ann", data_type, value, world.scope)
    document = {"firstName": "Ines", "lastName": "Valverdinho", "email": MAIL}
    assert found(world, document) == {"name": "field", "email": "exact"}
    assert set(found(world, {"firstName": "Ines", "mail": MAIL})) == {"name", "email"}
    assert set(found(world, {"x1": "valverdinho", "mail": MAIL})) == {"name", "email"}
    assert found(world, {"x1": "Ines", "x2": "Maria"}) == {}
    assert found(world, {"title": "Ines", "lines": ["Valverdinho"]}) == {}


def test_a_split_name_has_columns_of_its_own(mark: World) -> None:
    mark.add("ann", "name", "Mark Arthur Field", mark.scope)
    assert set(found(mark, {"firstName": "Mark", "mail": MAIL})) == {"first_name", "email"}
