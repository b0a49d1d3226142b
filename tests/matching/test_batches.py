"""One upload with several people's rows: each has exactly what stands in their own row."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from sst_otel.matching.payload import Leaves
from sst_otel.scope import PROCESS, Scope
from sst_otel.shares import Part

from .conftest import World

PEOPLE: dict[str, dict[str, Any]] = {
    "eva": {"email": "eva@shop.example", "first_name": "Eva", "city": "Bristol", "gender": "f",
            "income": 50100},
    "fay": {"email": "fay@shop.example", "first_name": "Fay", "city": "Bristol", "gender": "f",
            "income": 61100},
    "gus": {"email": "gus@shop.example", "first_name": "Gus", "city": "Cardiff", "gender": "m",
            "income": 50100},
}  # fmt: skip
ROWS = list(PEOPLE.values())
FIELDS = list(ROWS[0])
KEYS = {"email": "EMAIL", "first_name": "FN", "city": "CT", "gender": "GEN", "income": "income"}
NDJSON = "\n".join(map(json.dumps, ROWS))
BOUNDARY = "b0undary"


def table(delimiter: str = ",") -> str:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow(FIELDS)
    writer.writerows(row.values() for row in ROWS)
    return file.getvalue()


def form(name: str) -> list[tuple[str, Any]]:
    return [
        (name.format(row=number, field=field), value)
        for number, row in enumerate(ROWS)
        for field, value in row.items()
    ]


def element(row: dict[str, Any]) -> str:
    return "<p>" + "".join(f"<{field}>{value}</{field}>" for field, value in row.items()) + "</p>"


def multipart(name: str, content: str) -> bytes:
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n{content}\r\n--{BOUNDARY}--\r\n".encode()


def digest(value: object) -> str:
    return hashlib.sha256(str(value).lower().encode()).hexdigest()


TREES: dict[str, Any] = {
    "list": ROWS,
    "events": {"data": [{"event": "x", "user": row} for row in ROWS]},
    "header beside rows": {
        "payload": {"schema": list(KEYS.values()), "data": [list(row.values()) for row in ROWS]}
    },
    "split": {
        "columns": FIELDS,
        "index": [0, 1, 2],
        "data": [list(row.values()) for row in ROWS],
    },
    "columns": {field: [row[field] for row in ROWS] for field in FIELDS},
    "numbered columns": {
        field: {str(number): row[field] for number, row in enumerate(ROWS)} for field in FIELDS
    },
    "sheet": {"range": "A1", "values": [FIELDS, *(list(row.values()) for row in ROWS)]},
    "by address": {row["email"]: {k: row[k] for k in FIELDS if k != "email"} for row in ROWS},
    "file in JSON": {"file": {"name": "x.csv", "content": table()}},
    "lines in JSON": {"records": NDJSON},
    "records in base64": {
        "Records": [{"Data": base64.b64encode(json.dumps(row).encode()).decode()} for row in ROWS]
    },
    "fields of a form": dict(form("users[{row}][{field}]")),
}
TEXTS: dict[str, str] = {
    "NDJSON": NDJSON,
    "bulk": "\n".join(f'{{"index": {{}}}}\n{json.dumps(row)}' for row in ROWS) + "\n",
    "CSV": table(),
    "TSV": table("\t"),
    "semicolons": table(";"),
    "form, PHP and Rails": urlencode(form("users[{row}][{field}]")),
    "form, dots": urlencode(form("users.{row}.{field}")),
    "form, Django": urlencode(form("form-{row}-{field}")),
    "form, one list each": urlencode([(f"{f}[]", row[f]) for f in FIELDS for row in ROWS]),
    "form, numbered lists": urlencode(form("{field}[{row}]")),
    "form, row by row": urlencode(form("users[][{field}]")),
    "JSON in a form": urlencode({"data": json.dumps(ROWS)}),
    "XML": f"<people>{''.join(map(element, ROWS))}</people>",
}
BODIES: dict[str, bytes] = {
    **{name: text.encode() for name, text in TEXTS.items()},
    **{f"{name}, as JSON": json.dumps(tree).encode() for name, tree in TREES.items()},
    "CSV in multipart": multipart("a.csv", table()),
    "NDJSON in multipart": multipart("a.jsonl", NDJSON),
}
EXPECTED = {name: set(row) for name, row in PEOPLE.items()}


@pytest.fixture
def batch(world: World) -> World:
    for name, row in PEOPLE.items():
        world.people[name] = world.minter.owner(name)
        for data_type, value in row.items():
            world.add(name, data_type, value)
    return world


@pytest.fixture
def staff(batch: World) -> Scope:
    """Return the scope of a member of the staff of the same town, who has loaded everybody."""
    batch.people["sue"] = batch.minter.owner("sue")
    scope = Scope()
    scope.owner = batch.people["sue"]
    own = {"email": "sue@shop.example", "first_name": "Eva", "city": "Bristol", "gender": "f"}
    for name, row in (("sue", own), *PEOPLE.items()):
        for data_type, value in row.items():
            batch.add(name, data_type, value, scope)
    return scope


def types(world: World, part: Part, scope: Scope) -> dict[str, set[str]]:
    return {name: set(found) for name, found in world.found(part, scope=scope).items()}


@pytest.mark.parametrize("name", BODIES)
def test_bytes_in_the_background(batch: World, name: str) -> None:
    assert types(batch, Part("body", BODIES[name]), PROCESS) == EXPECTED


@pytest.mark.parametrize("name", BODIES)
def test_an_export_by_staff_is_the_peoples(batch: World, staff: Scope, name: str) -> None:
    assert types(batch, Part("body", BODIES[name]), staff) == EXPECTED


@pytest.mark.parametrize("name", TREES)
def test_objects_handed_over(batch: World, staff: Scope, name: str) -> None:
    tree = TREES[name]
    handed, body = Part("json", tree), Part("body", json.dumps(tree).encode())
    match = batch.matcher.match((body,), staff, (handed,))
    names = {owner: person for person, owner in batch.people.items()}
    assert {
        names[owner]: {hit.datum.data_type for hit in hits} for owner, hits in match.owners.items()
    } == EXPECTED


def test_hashed_rows_under_a_header(batch: World) -> None:
    rows = [[digest(value) for value in list(row.values())[:4]] for row in ROWS]
    body = {"payload": {"schema": ["EMAIL", "FN", "CT", "GEN"], "data": rows}}
    found = batch.found(Part("json", body))
    one = {"email": "hashed", "first_name": "hashed", "city": "hashed", "gender": "hashed"}
    assert found == {"eva": one, "fay": one, "gus": one}


def test_lists_by_address_are_no_columns(batch: World) -> None:
    by_address = {row["email"]: [row["city"], row["first_name"]] for row in ROWS}
    found = types(batch, Part("json", by_address), PROCESS)
    assert set(found) == set(PEOPLE)
    assert all(kinds >= {"email", "city"} for kinds in found.values())


def test_a_row_without_a_certain_value_is_nobodys(batch: World) -> None:
    rows = [ROWS[0], {"city": "Cardiff", "gender": "m"}]
    for tree in (rows, {field: [row.get(field) for row in rows] for field in FIELDS}):
        assert types(batch, Part("json", tree), PROCESS) == {"eva": EXPECTED["eva"]}


def test_lists_of_one_person_do_not_part_what_is_beside_them(batch: World) -> None:
    card = {"emails": ["eva@shop.example", "x@y.example"], "tags": ["a", "b"], "town": "Bristol"}
    assert types(batch, Part("json", card), PROCESS) == {"eva": {"email", "city"}}


@pytest.mark.parametrize(
    ("tree", "paths"),
    [
        (TREES["columns"], ["json.city[0]", "json.city[1]", "json.city[2]"]),
        (TREES["split"], ["json.data[0][2]", "json.data[1][2]", "json.data[2][2]"]),
        (TREES["numbered columns"], ["json.city.{key}"] * 3),
    ],
)
def test_paths_lead_to_the_cells(tree: Any, paths: list[str]) -> None:
    leaves = Leaves()
    leaves.add_part(Part("json", tree))
    towns = {"Bristol", "Cardiff"}
    assert sorted(leaf.path for leaf in leaves.leaves if leaf.text in towns) == paths
    assert len(leaves.leaves) >= len(ROWS) * len(FIELDS)


def test_a_long_name_of_a_field_takes_no_time(batch: World) -> None:
    name = "a" * 200_000
    assert batch.found(Part("body", f"{name}=1&email=eva@shop.example".encode())) == {
        "eva": {"email": "exact"}
    }


class Odd:
    """A key or a value of the application's that must not be asked anything."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("asked whether it is equal")

    def __str__(self) -> str:
        raise AssertionError("asked for its text")


def test_the_applications_objects_are_asked_nothing(batch: World) -> None:
    odd: dict[Any, Any] = {
        "a": {Odd(): 1, Odd(): 2},
        "b": {Odd(): 1, Odd(): 2},
        "c": [Odd(), Odd()],
        "d": [[Odd()], [Odd()]],
        "e": {"0": Odd(), "1": Odd()},
        "f": {"0": Odd(), "1": Odd()},
        Odd(): "eva@shop.example",
        "g": ["x", "y"],
    }
    assert batch.found(Part("json", {"x": odd, "mail": "eva@shop.example"})) == {
        "eva": {"email": "exact"}
    }
