"""Malformed, hostile and oversized payloads: looked at as far as a budget goes, never an error."""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import pytest

from sst_otel.matching.parts import MAX_BODY, MAX_LEAVES
from sst_otel.matching.payload import Leaves
from sst_otel.matching.trees import MAX_NODES
from sst_otel.registry.identity import mark
from sst_otel.shares import Part

from .conftest import World

MAIL = "ann.smith@example.com"
BOMBS = [
    "a" * 300_000,
    "1 " * 200_000,
    "1" * 400_000,
    "(+1 " * 100_000,
    "-._@+" * 80_000,
    "\\" * 300_000,
    "\\u0041" * 50_000,
    "%25" * 100_000,
    "&amp;" * 60_000,
    "&#" * 150_000,
    "x@" * 150_000,
    "Aa0+/" * 60_000,
    "Aa0+/_-=" * 40_000,
    "0123456789abcdef" * 20_000,
    "é" * 200_000,
    "漢" * 200_000,
    "a\u0301" * 100_000,
    ", " * 150_000,
    "a,b\n" * 70_000,
    "=&" * 150_000,
    "<a>" * 100_000,
    "<a b='c'/>" * 30_000,
    '{"a":' * 60_000,
    "[" * 300_000,
    '"' * 300_000,
    "\ud800" * 100_000,
    "\x00" * 300_000,
]


def shown(text: str) -> str:
    return ascii(text[:8])


class TestBombs:
    """Every text is read in one go, whatever it repeats."""

    @pytest.mark.parametrize("text", BOMBS, ids=shown)
    def test_a_value_behind_it_is_found(self, world: World, text: str) -> None:
        body = f"{text} | {MAIL}"
        assert "ann" in world.found(Part("json", {"t": body}))
        assert "ann" in world.found(Part("body", body))

    @pytest.mark.parametrize("text", BOMBS, ids=shown)
    def test_time_grows_with_the_size_and_no_faster(self, world: World, text: str) -> None:
        def work(part: str) -> int:
            """Count the steps of our code: time would depend on who else uses the machine."""
            steps = 0

            def count(_frame: Any, event: str, _argument: Any) -> Any:
                nonlocal steps
                steps += event == "line"
                return count

            former = sys.gettrace()
            sys.settrace(count)
            try:
                world.match(Part("body", part))
            finally:
                sys.settrace(former)
            return steps

        fifth = text[: len(text) // 50]
        small, large = work(fifth), work(fifth * 5)
        assert large <= 6 * small + 500


class TestSizes:
    """What a budget left out is said."""

    def test_a_body_beyond_the_budget(self, world: World) -> None:
        match = world.match(Part("body", f"{MAIL} ".encode() + b"x " * (MAX_BODY // 2 + 10)))
        assert match.unread == 1
        assert match.owners
        clean = world.match(Part("body", b"x " * (MAX_BODY // 2 + 10) + MAIL.encode()))
        assert (clean.unread, clean.owners) == (1, {})

    def test_a_hundred_megabytes(self, world: World) -> None:
        body = bytearray(100_000_000)
        body[:40] = f'{{"m": "{MAIL}", "z": "'.encode().ljust(40)
        assert world.match(Part("body", body)).unread

    def test_a_gzip_bomb_is_cut(self, world: World) -> None:
        assert world.found(Part("body", gzip.compress(b"\0" * 50_000_000))) == {}

    def test_a_million_tiny_leaves(self, world: World) -> None:
        match = world.match(Part("json", [{"m": MAIL}, *range(1_000_000)]))
        assert match.unread
        assert match.owners

    def test_keys_as_long_as_books(self, world: World) -> None:
        match = world.match(Part("json", {"k" * 1_000_000: MAIL, f"{MAIL} " * 1_000: 1}))
        paths = {hit.leaf.path for hits in match.owners.values() for hit in hits}
        assert paths <= {"json.{key}"}

    @pytest.mark.parametrize("depth", [100, 1000, 100_000])
    def test_deep_documents(self, world: World, depth: int) -> None:
        body = "[" * depth + json.dumps(MAIL) + "]" * depth
        assert "ann" in world.found(Part("body", body.encode()))

    def test_objects_that_hold_themselves(self, world: World) -> None:
        ring: dict[str, Any] = {"m": MAIL}
        ring["a"] = ring["b"] = ring
        pair: list[Any] = [MAIL]
        pair += [pair, pair]
        match = world.match(Part("json", {"r": ring, "p": pair}))
        assert match.unread
        assert match.owners
        leaves = Leaves()
        leaves.add_part(Part("json", [pair, ring]))
        assert len(leaves.leaves) <= MAX_LEAVES < MAX_NODES


class TestOddValues:
    """Numbers that are none, halves of letters, types of other people."""

    @pytest.mark.parametrize(
        "value",
        [
            float("nan"),
            float("inf"),
            10**5_000,
            -0.0,
            "\ud800",
            "\ud800\udc00",
            b"\xff\xfe",
            "",
            {},
        ],
        ids=["nan", "inf", "huge", "minus zero", "half", "pair", "bytes", "empty", "nothing"],
    )
    def test_beside_a_value(self, world: World, value: Any) -> None:
        assert "ann" in world.found(Part("json", {"odd": value, "m": MAIL, "l": [value]}))

    def test_methods_of_other_peoples_types_are_not_called(self, world: World) -> None:
        def refuse(*_: Any) -> Any:
            raise AssertionError("called")

        names: tuple[str, ...] = (
            "__eq__",
            "__hash__",
            "__str__",
            "__repr__",
            "__format__",
            "__len__",
            "__iter__",
        )
        names += ("__getitem__", "__bytes__", "__contains__", "__bool__", "items", "keys", "encode")
        methods: dict[str, Any] = dict.fromkeys(names, refuse)
        text = type("Text", (str,), methods)
        raw = type("Raw", (bytes,), methods)
        mapping = type("Mapping", (dict,), methods)
        thing = type("Thing", (), methods)
        tree = {"a": text(MAIL), "b": thing(), "c": mapping(m=MAIL), "d": raw(b"x"), "e": [thing()]}
        assert world.found(Part("json", tree)) == {"ann": {"email": "normalized"}}
        assert world.found(Part("body", raw(MAIL.encode())), Part("params", thing())) == {
            "ann": {"email": "normalized"}
        }

    def test_handed_over_objects_are_not_asked_either(self, world: World) -> None:
        class Loud:
            def __getattribute__(self, name: str) -> Any:
                raise AssertionError("touched")

        city = "".join(["Bos", "ton"])
        mark(city, (world.add("ann", "city", city),), world.scope)
        handed = Part("json", {"c": city, "x": Loud(), "y": [Loud()]})
        match = world.matcher.match([Part("body", b'{"c": "Boston"}')], world.scope, [handed])
        assert [hit.datum.data_type for hits in match.owners.values() for hit in hits] == ["city"]
