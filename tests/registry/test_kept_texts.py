"""A sentence that was put away is known again, though what is in it is too common by itself."""

from __future__ import annotations

from typing import Any

import pytest

from sst_otel.lifetime import release_all
from sst_otel.registry.identity import mark
from sst_otel.registry.kept_texts import keep_texts
from sst_otel.registry.registry import Registry
from sst_otel.scope import Scope
from sst_otel.tags import Minter

MINTER = Minter(b"k" * 32)
TEXT = "Hi, this is Mark, I am from Reading"


@pytest.fixture
def registry() -> Registry:
    return Registry(1_000, 3600, lambda: 0.0)


def composed(registry: Registry, scope: Scope, text: str, *values: tuple[str, str, str]) -> str:
    data = tuple(
        registry.add(MINTER.owner(person), data_type, value, "form")
        for person, data_type, value in values
    )
    mark(text, data, scope, composed=True)
    return text


def noted(registry: Registry, text: str) -> list[str]:
    words = text.lower().replace(",", "").split()
    return [datum.data_type for _, output in registry.made().find(words) for datum in output.data()]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: {"history": [{"role": "user", "content": text}]},
        lambda text: {"_flashes": [("info", text)]},
        lambda text: {"note": text, "n": 4, "nothing": None},
    ],
)
def test_in_a_session_of_any_shape(registry: Registry, wrap: Any) -> None:
    scope = Scope()
    text = composed(registry, scope, TEXT, ("1", "first_name", "Mark"), ("1", "city", "Reading"))
    keep_texts(registry, wrap(text))
    assert noted(registry, f"they said: {TEXT}.".replace(".", "")) == ["first_name", "city"]
    assert noted(registry, TEXT.replace("Mark", "Will")) == []
    scope.release()


def test_what_says_too_little_or_is_several_peoples_is_not_noted(registry: Registry) -> None:
    scope = Scope()
    short = composed(registry, scope, "Hi, Mark", ("1", "first_name", "Mark"))
    both = composed(
        registry,
        scope,
        "Mark and Will are invited",
        ("1", "first_name", "Mark"),
        ("2", "first_name", "Will"),
    )
    keep_texts(registry, [short, both, "Nobody's sentence is noted at all"])
    assert not registry.made()
    scope.release()
    release_all()


def test_a_session_that_holds_itself_ends(registry: Registry) -> None:
    ring: list[Any] = []
    ring.append(ring)
    keep_texts(registry, {"ring": ring})
    assert not registry.made()
