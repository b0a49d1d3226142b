"""Large payloads: what is found in them is what would be found if every member were read."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from sst_otel.matching import matcher
from sst_otel.registry.identity import mark
from sst_otel.shares import Part

from .conftest import ANN, World

Rows = list[dict[str, Any]]

NUMBER = 1_500
FILLER = "boots, waterproof, of a winter's collection"


def rows(number: int = NUMBER) -> Rows:
    """Return rows about nobody."""
    return [
        {"sku": f"SKU-{n}", "title": f"{n % 7} {FILLER}", "price": 1.5 * n, "sold": n % 3 == 0}
        for n in range(number)
    ]


def with_people(other: dict[int, dict[str, Any]], number: int = NUMBER) -> Rows:
    """Return rows of which those at some positions say more."""
    made = rows(number)
    for position, more in other.items():
        made[position] |= more
    return made


MAIL = str(ANN["email"])
CASES: dict[str, Rows] = {
    "nobody": rows(),
    "at the end": with_people({NUMBER - 1: {"email": MAIL, "town": "Boston"}}),
    "first and last": with_people({0: {"email": MAIL}, NUMBER - 1: {"phone": "+1 201-555-0123"}}),
    "weak beside strong": with_people({700: {"to": MAIL, "a": "Ann", "b": "F.", "city": "boston"}}),
    "weak numbers": with_people({700: {"to": MAIL, "income": 50000}, 900: {"income": 50000.0}}),
    "negative": with_people({700: {"to": MAIL, "income": -50000}}),
    "number in an integer": with_people({701: {"tel": 12015550123}}),
    "number in digits apart": with_people({701: {"tel": "(201) 555-0123"}}),
    "two people": with_people({80: {"email": MAIL}, 900: {"email": "bea@example.org"}}),
    "by key alone": with_people({5: {"email": MAIL}, 900: {"city": "Boston"}}),
    "a list of towns": with_people(
        {n: {"city": ("Boston", "York")[n % 9 > 0]} for n in range(900)}
    ),
    "other letters": with_people({4: {"note": "Größe \u20ac 5"}, 700: {"to": f"<{MAIL.upper()}>"}}),
    "as a key": with_people({700: {MAIL: {"city": "Boston"}}}),
    "escaped": with_people({700: {"url": "/x?to=ann.smith%40example.com", "path": "a\\b"}}),
    "inside of a text": with_people(
        {700: {"json": json.dumps({"email": MAIL, "gender": "female"})}}
    ),
    "digests": with_people(
        {700: {"em": hashlib.sha256(MAIL.lower().encode()).hexdigest(), "n": "Ann"}}
    ),
    "deeper": with_people({700: {"who": {"is": [{"it": MAIL}], "named": "Ann Smith"}}}),
}


def as_sheet(made: Rows) -> list[list[Any]]:
    fields = list(dict.fromkeys(name for row in made for name in row))
    return [fields, *([row.get(name, "") for name in fields] for row in made)]


def as_csv(made: Rows) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(as_sheet(made))
    return file.getvalue().encode()


FORMS: dict[str, Callable[[Rows], tuple[list[Part], list[Part]]]] = {
    "bytes": lambda made: ([Part("body", json.dumps({"rows": made}).encode())], []),
    "letters": lambda made: ([Part("body", json.dumps(made, ensure_ascii=False).encode())], []),
    "handed over": lambda made: (
        [Part("url", "https://a.example/x"), Part("body", json.dumps(made).encode())],
        [Part("json", made)],
    ),
    "objects": lambda made: ([Part("message", {"rows": tuple(made)})], []),
    "lines": lambda made: ([Part("body", "\n".join(map(json.dumps, made)).encode())], []),
    "sheet": lambda made: ([Part("body", json.dumps(as_sheet(made)).encode())], []),
    "csv": lambda made: ([Part("body", as_csv(made))], []),
}


def found(world: World, parts: list[Part], handed_over: list[Part]) -> list[tuple[str, ...]]:
    match = world.matcher.match(parts, world.scope, handed_over)
    return sorted(
        (owner.ref, hit.datum.data_type, hit.evidence, hit.rule, hit.leaf.path)
        for owner, hits in match.owners.items()
        for hit in hits
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_the_same_is_found_as_in_every_member(
    world: World, case: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, handed_over = FORMS[form](CASES[case])
    sieved = found(world, parts, handed_over)
    monkeypatch.setattr(matcher, "LARGE", 10**9)
    assert sieved == found(world, parts, handed_over)
    assert bool(sieved) == (case not in ("nobody", "a list of towns"))


class TestLongLists:
    """What stands behind more fields than are read is found where a look at all told of it."""

    @pytest.mark.parametrize("form", ["bytes", "handed over", "objects", "sheet"])
    def test_a_person_behind_twenty_thousand_fields(self, world: World, form: str) -> None:
        made = with_people({8_000: {"email": MAIL, "gender": "female"}}, 9_000)
        parts, handed_over = FORMS[form](made)
        kinds = {kind for _, kind, *_ in found(world, parts, handed_over)}
        assert {"email", "gender"} <= kinds

    def test_nothing_is_said_to_be_unread(self, world: World) -> None:
        made = with_people({8_000: {"email": MAIL}}, 9_000)
        assert world.match(Part("body", json.dumps(made).encode())).unread == 0


def test_an_object_that_is_followed_is_read_wherever_it_stands(world: World) -> None:
    income = world.add("ann", "income", 61_234.5)
    value = float("61234.5")
    mark(value, (income,), world.scope)
    made = with_people({5: {"email": MAIL}, 900: {"x": value}})
    shown = found(world, *FORMS["handed over"](made))
    assert ("income", "json[900].x") in {(kind, path) for _, kind, _, _, path in shown}


def test_objects_that_no_format_holds_are_read(world: World) -> None:
    class Own:
        """What an application has defined."""

    made = with_people({5: {"email": MAIL}, 900: {"x": Own(), "phone": ANN["phone"]}})
    parts = [Part("body", json.dumps(made, default=repr).encode())]
    kinds = {kind for _, kind, *_ in found(world, parts, [Part("json", made)])}
    assert kinds == {"email", "phone"}
