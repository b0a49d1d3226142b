"""What is about others, or about nobody, is nobody's: two thousand payloads without one report."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pytest

from sst_otel.lifetime import release_all
from sst_otel.matching.matcher import Match, Matcher
from sst_otel.registry.datum import Datum
from sst_otel.registry.registry import Registry
from sst_otel.scope import PROCESS, Scope
from sst_otel.tags import Minter, Owner

from .conftest import CLASSIFIER
from .nobody import PAYLOADS, Somebody, everybody, payloads, record_of, rows_of_others, sent


@dataclass
class Live:
    """The people who are known, and a request of each fifth of them."""

    matcher: Matcher
    people: dict[Owner, Somebody]
    requests: list[Scope]


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    registry = Registry(10_000, 3600, lambda: 0.0)
    minter = Minter(b"k" * 32)
    made = Live(Matcher(registry, CLASSIFIER.names_type), {}, [])
    for person in everybody():
        owner = minter.owner(str(person.number))
        made.people[owner] = person
        data: list[Datum] = [
            registry.add(owner, data_type, value, "test")
            for data_type, value in person.values().items()
        ]
        if person.number % 5 == 0:
            scope = Scope()
            scope.owner = owner
            scope.data.update(dict.fromkeys(data))
            made.requests.append(scope)
    yield made
    for scope in made.requests:
        scope.release()
    release_all()


def told(match: Match, name: str) -> list[Any]:
    """Return what a match says, as a failing test is to show it."""
    hits = [hit for found in match.owners.values() for hit in found]
    return [(name, hit.datum.data_type, hit.leaf.path, hit.rule) for hit in hits]


def test_outside_of_requests(live: Live) -> None:
    seen = 0
    for name, parts in payloads(seed=1):
        assert told(live.matcher.match(parts, PROCESS), name) == []
        seen += 1
    assert seen == PAYLOADS


def test_in_requests_of_people_who_are_known(live: Live) -> None:
    for number, (name, parts) in enumerate(islice(payloads(seed=2), PAYLOADS // 2)):
        scope = live.requests[number % len(live.requests)]
        assert told(live.matcher.match(parts, scope), name) == []


def test_the_known_are_found_among_them(live: Live) -> None:
    """Or the silence above would mean nothing."""
    dice = random.Random(3)
    for owner, person in live.people.items():
        rows = [*rows_of_others(dice)[:3], record_of(person)]
        assert list(live.matcher.match(sent(dice, rows), PROCESS).owners) == [owner]
