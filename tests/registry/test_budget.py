"""Memory stays in its budget, whoever fills it, in threads and after a fork."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sst_otel.datatypes import FieldClassifier, load_taxonomy
from sst_otel.matching.matcher import Matcher
from sst_otel.registry.index import MAX_OWNERS
from sst_otel.registry.registry import Registry
from sst_otel.scope import Scope
from sst_otel.shares import Part
from sst_otel.tags import Minter

MINTER = Minter(b"k" * 32)
NAMES_TYPE = FieldClassifier(load_taxonomy()).names_type
THREADS = 16
LOOKUPS = int(os.environ.get("SST_SOAK_REQUESTS", "300"))
"""Look-ups of each thread; 5000 in ``make soak``."""


def still() -> float:
    return 0.0


class TestBudget:
    """Beyond it the older half goes."""

    def test_bytes_count_as_well_as_values(self) -> None:
        registry = Registry(1_000_000, 3600, still, max_bytes=1_000_000)
        owner = MINTER.owner("1")
        for number in range(2_000):
            registry.add(owner, "message_content", f"{number} " + "long text " * 100, "json:text")
        assert len(registry) < 300

    def test_a_very_long_value_keeps_its_beginning(self) -> None:
        registry = Registry(100, 3600, still)
        datum = registry.add(MINTER.owner("1"), "message_content", "word " * 100_000, "json:text")
        assert len(datum.value) == 4_096

    def test_what_many_people_have_says_nothing_across_generations(self) -> None:
        registry = Registry(40, 3600, still)
        matcher = Matcher(registry, NAMES_TYPE)
        part = Part("body", b'{"p": "+44 20 7946 0958"}')
        for number in range(MAX_OWNERS):
            registry.add(MINTER.owner(str(number)), "phone", "+44 20 7946 0958", "form_field:phone")
        assert len(matcher.match([part], Scope()).owners) == MAX_OWNERS
        registry.add(MINTER.owner("one more"), "phone", "+44 20 7946 0958", "form_field:phone")
        assert matcher.match([part], Scope()).owners == {}


class Hostile:
    def __getattribute__(self, name: str) -> Any:
        raise AssertionError("touched")

    def __hash__(self) -> int:
        raise AssertionError("hashed")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")


class HostileText(str):
    def __hash__(self) -> int:
        raise AssertionError("hashed")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    def __str__(self) -> str:
        raise AssertionError("shown")

    def __len__(self) -> int:
        raise AssertionError("measured")


class TestOtherPeoplesTypes:
    """Their methods are never called."""

    def test_an_object_is_not_kept(self) -> None:
        registry = Registry(100, 3600, still)
        registry.add(MINTER.owner("1"), "email", Hostile(), "code")
        assert len(registry) == 0

    def test_of_a_text_the_letters_are(self) -> None:
        registry = Registry(100, 3600, still)
        datum = registry.add(MINTER.owner("1"), "email", HostileText("ann@example.com"), "code")
        assert type(datum.value) is str
        assert datum.value == "ann@example.com"


@pytest.mark.parametrize(("budget", "roomy"), [(200_000, True), (2_000, False)])
def test_many_threads_find_their_own_people_and_nobody_else(budget: int, roomy: bool) -> None:
    """Every share is found once and nobody else's, while others add, look and push out."""
    registry = Registry(budget, 3600, still)
    matcher = Matcher(registry, NAMES_TYPE)
    missed: list[str] = []
    foreign: list[str] = []

    def work(thread: int) -> None:
        choice = random.Random(thread)
        for number in range(LOOKUPS):
            persona = f"{thread}.{choice.randrange(200)}"
            owner = MINTER.owner(persona)
            scope = Scope()
            values = {
                "email": f"p{persona}@example.com",
                "name": f"Petra Quillfeather{thread}x{number}",
                "phone": f"+31 6 {thread + 10}{number:06d}",
                "city": "Rotterdam",
            }
            for data_type, value in values.items():
                scope.data[registry.add(owner, data_type, value, f"json:{data_type}")] = None
            scope.owner = owner
            body = ", ".join(f'"{key}": "{value}"' for key, value in values.items())
            match = matcher.match([Part("body", f"{{{body}}}".encode())], scope)
            foreign.extend(other.ref for other in match.owners if other != owner)
            found = sorted(hit.datum.data_type for hit in match.owners.get(owner, ()))
            if found != sorted(values):
                missed.append(persona)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    assert foreign == []
    assert missed == [] or not roomy  # in a small one others may push a value out before the look
    assert len(registry) <= budget
    registry.clear()
    assert not any(index.phrases for index in registry.indexes())
