"""Two people who share much, a registry that knows them, and a matcher over it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sst_otel.datatypes import FieldClassifier, load_taxonomy
from sst_otel.lifetime import release_all
from sst_otel.matching.matcher import Match, Matcher
from sst_otel.registry.datum import Datum
from sst_otel.registry.registry import Registry
from sst_otel.scope import PROCESS, Scope
from sst_otel.shares import Part
from sst_otel.tags import Minter, Owner

CLASSIFIER = FieldClassifier(load_taxonomy())

ANN = {
    "email": "Ann.Smith@example.com",
    "name": "Ann Smith",
    "first_name": "Ann",
    "last_name": "Smith",
    "phone": "+1 201 555 0123",
    "birthday": datetime.date(1990, 5, 17),
    "gender": "female",
    "city": "Boston",
    "income": 50000.0,
    "payment_card": "4111 1111 1111 1111",
    "street_address": "12 Main Street",
}
BEA = {
    "email": "bea@example.org",
    "name": "Bea Jones",
    "first_name": "Ann",
    "phone": "+49 30 901820",
    "birthday": datetime.date(1990, 5, 17),
    "city": "Boston",
    "income": 50000.0,
}


@dataclass
class World:
    """What the tests look payloads up in."""

    registry: Registry
    matcher: Matcher
    minter: Minter
    scope: Scope
    people: dict[str, Owner]

    def add(self, owner: str, data_type: str, value: Any, scope: Scope | None = None) -> Datum:
        datum = self.registry.add(self.people[owner], data_type, value, "test")
        if scope is not None:
            scope.data[datum] = None
        return datum

    def match(self, *parts: Part, scope: Scope | None = None) -> Match:
        return self.matcher.match(parts, scope or PROCESS)

    def found(self, *parts: Part, scope: Scope | None = None) -> dict[str, dict[str, str]]:
        """Return ``{person: {data type: evidence}}``."""
        names = {owner: name for name, owner in self.people.items()}
        match = self.match(*parts, scope=scope)
        return {
            names[owner]: {hit.datum.data_type: hit.evidence for hit in hits}
            for owner, hits in match.owners.items()
        }


@pytest.fixture
def world() -> Iterator[World]:
    registry = Registry(10_000, 3600, lambda: 0.0)
    minter = Minter(b"k" * 32)
    people = {"ann": minter.owner("1"), "bea": minter.owner("2")}
    scope = Scope()
    made = World(registry, Matcher(registry, CLASSIFIER.names_type), minter, scope, people)
    for name, values in (("ann", ANN), ("bea", BEA)):
        for data_type, value in values.items():
            made.add(name, data_type, value)
    yield made
    scope.release()
    release_all()
