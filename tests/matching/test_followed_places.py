"""Where followed values stand that content alone would not find: keys, paths with pluses."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

from sst_otel.registry.identity import mark
from sst_otel.shares import Part

from .conftest import World


def _types(world: World, parts: list[Part], handed_over: list[Part]) -> set[str]:
    match = world.matcher.match(parts, world.scope, handed_over)
    return {hit.datum.data_type for hits in match.owners.values() for hit in hits}


def _marked(world: World, text: str) -> str:
    mark(text, (world.add("ann", "first_name", "Ann"),), world.scope, composed=text != "Ann")
    return text


def _as_key(world: World, key: str, sent: Any) -> set[str]:
    tree = {key: ["a"], "other": ["b"]}
    return _types(world, [Part("body", json.dumps(sent).encode())], [Part("json", tree)])


def test_a_followed_value_that_is_a_key(world: World) -> None:
    key = _marked(world, "".join(["A", "nn"]))
    assert _as_key(world, key, {"Ann": ["a"], "other": ["b"]}) == {"first_name"}
    assert _as_key(world, key, {"other": ["b"]}) == set()
    assert _as_key(world, "".join(["An", "n"]), {"Ann": ["a"]}) == set()


def test_a_path_in_which_blanks_are_pluses(world: World) -> None:
    url = _marked(world, f"https://maps.example/search/{quote_plus('Ann, next door')}")
    sent = [Part("url", url[:8] + url[8:])]
    assert _types(world, sent, [Part("url", url)]) == {"first_name"}
    elsewhere = [Part("url", "https://maps.example/search/somebody+else")]
    assert _types(world, elsewhere, [Part("url", url)]) == set()
