"""Documents that are parsed again: whose their fields are, and when they are nobody's."""

from __future__ import annotations

import ast
import csv
import inspect
import io
import json
import pickle
import plistlib
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import orjson
import pytest
import requests
import yaml

import sst_otel
from sst_otel.guard import error_counts
from sst_otel.registry.identity import marked
from tests.lineage.support import run
from tests.support import Tracking, Vendor, tracking_in

ANN = "ann.keller@example.com"
BEA = "bea.moser@example.org"
DOCUMENT = {"email": ANN, "first_name": "Annika", "birthday": "1987-11-23", "income": 73450}


def people() -> None:
    """Make two people known, as other requests do."""
    for number, email in ((1, ANN), (2, BEA)):
        with sst_otel.scope(number):
            sst_otel.tag("".join(email), "email")


def told(value: Any) -> set[tuple[str, str | None]]:
    """Return type and owner of what an object is known to be."""
    entry = marked(value)
    return {(datum.data_type, datum.owner.id) for datum in entry.data} if entry else set()


def leaves(tree: Any) -> dict[str, set[tuple[str, str | None]]]:
    return {name: told(value) for name, value in tree.items()}


def through_csv(tree: Any) -> Any:
    out = io.StringIO()
    writer = csv.DictWriter(out, tree)
    writer.writeheader()
    writer.writerow(tree)
    return next(csv.DictReader(io.StringIO(out.getvalue())))


WAYS: dict[str, Callable[[Any], Any]] = {
    "json": lambda tree: json.loads(json.dumps(tree)),
    "json of bytes": lambda tree: json.loads(json.dumps(tree).encode()),
    "json file": lambda tree: json.load(io.StringIO(json.dumps(tree))),
    "orjson": lambda tree: orjson.loads(orjson.dumps(tree)),
    "pickle": lambda tree: pickle.loads(pickle.dumps(tree)),
    "property list": lambda tree: plistlib.loads(plistlib.dumps(tree)),
    "literal": lambda tree: ast.literal_eval(repr(tree)),
    "yaml": lambda tree: yaml.safe_load(yaml.safe_dump(tree)),
    "msgpack": lambda tree: msgpack.unpackb(msgpack.packb(tree)),
    "csv": through_csv,
}


class TestAnObjectWithSomebodysEmail:
    @pytest.mark.parametrize("way", WAYS)
    def test_its_fields_are_theirs(self, tracking: Tracking, way: str) -> None:
        people()
        with sst_otel.scope(2):
            found = leaves(WAYS[way](DOCUMENT))
        kinds = {"email", "first_name", "birthday", "income"}
        if way == "csv":  # a text of digits has no type of its own
            assert found["income"] == {("income", "1")}
        assert {(kind, "1") for kind in kinds} == set().union(*found.values())

    def test_also_in_an_inner_object(self, tracking: Tracking) -> None:
        people()
        with sst_otel.scope(2):
            tree = json.loads(json.dumps({"email": ANN, "address": {"city": "Reading"}}))
            assert told(tree["address"]["city"]) == {("city", "1")}

    def test_each_object_of_a_list_is_about_its_own(self, tracking: Tracking) -> None:
        people()
        rows = [{"email": ANN, "city": "Reading"}, {"email": BEA, "city": "Mold"}]
        with sst_otel.scope(9):
            first, second = json.loads(json.dumps(rows))
            assert told(first["city"]) == {("city", "1")}
            assert told(second["city"]) == {("city", "2")}

    @pytest.mark.parametrize(
        "document",
        [
            {"email": "somebody.else@example.net", "city": "Reading"},
            {"email": ANN, "friend": {"first_name": "Bob", "city": "Mold"}},
            {"email": ANN, "guests": [{"first_name": "Bob"}]},
            {"email": ANN, "status": "active", "total": 50000, "label": "Reading"},
            {"owner_email": ANN, "contact_email": BEA, "city": "Reading"},
            {"city": "Reading", "postcode": "RG1 1AA"},
            {"email": ANN, "password": "correct horse battery"},
            {"shop": {"city": "Reading"}},
        ],
    )
    def test_what_is_nobodys(self, tracking: Tracking, document: Any) -> None:
        people()
        with sst_otel.scope(1):
            tree = json.loads(json.dumps(document))
            waiting = [tree]
            while waiting:
                node = waiting.pop()
                for name, value in node.items() if isinstance(node, dict) else enumerate(node):
                    if isinstance(value, (dict, list)):
                        waiting.append(value)
                    elif name != "email":
                        assert told(value) == set(), name


class TestAnObjectWithoutAnIdentifier:
    def test_two_values_of_the_one_who_asks(self, tracking: Tracking) -> None:
        with sst_otel.scope(1):
            sst_otel.tag("Annika", "first_name")
            sst_otel.tag("1987-11-23", "birthday")
        with sst_otel.scope(1):
            tree = json.loads('{"first_name": "Annika", "birthday": "1987-11-23", "city": "Mold"}')
            assert told(tree["city"]) == {("city", "1")}
            other = json.loads('{"first_name": "Bob", "birthday": "1987-11-23", "city": "Mold"}')
            assert told(other["city"]) == set()

    def test_an_address_in_common_is_no_evidence(self, tracking: Tracking) -> None:
        with sst_otel.scope(1):
            sst_otel.tag("Reading", "city")
            sst_otel.tag("RG1 1AA", "postal_code")
            tree = json.loads('{"city": "Reading", "postcode": "RG1 1AA", "street": "1 High St"}')
            assert leaves(tree) == {"city": set(), "postcode": set(), "street": set()}

    def test_the_account_that_asks(self, tracking: Tracking) -> None:
        with sst_otel.scope(4711):
            sst_otel.tag(ANN, "email")
            tree = json.loads('{"user_id": 4711, "city": "Reading"}')
            assert told(tree["city"]) == {("city", "4711")}


class TestWhatWasPutAway:
    """Texts that the program itself serialised are known again, whatever their keys say."""

    @pytest.mark.parametrize(
        ("write", "read"),
        [
            ("json.dumps({'v': value})", "json.loads(text)['v']"),
            ("json.dumps([value]) + '\\n'", "json.loads(text)[0]"),
            ("json.dumps({'v': value}).encode()", "json.loads(text)['v']"),
            ("pickle.dumps((value, 1))", "pickle.loads(text)[0]"),
        ],
    )
    def test_in_another_request(self, tracking: Tracking, write: str, read: str) -> None:
        view = run(
            "import json, pickle\n"
            f"def write(value):\n    return {write}\n"
            f"def read(text):\n    return {read}\n"
        )
        with sst_otel.scope(1):
            text = view["write"](sst_otel.tag("".join(["Read", "ing"]), "city"))
        again = text[:3] + text[3:]
        with sst_otel.scope(2):
            assert told(view["read"](again)) == {("city", "1")}

    @pytest.mark.parametrize("mode", ["w", "wb"])
    def test_lines_of_a_file(
        self, tracking: Tracking, vendor: Vendor, tmp_path: Path, mode: str
    ) -> None:
        line = "line" if mode == "w" else "line.encode()"
        view = run(
            "def write(path, email, city):\n"
            '    line = f"{email};{city};x\\n"\n'
            f"    with open(path, {mode!r}) as out:\n        out.write({line})\n"
        )
        path = tmp_path / "export.csv"
        with sst_otel.scope(1):
            email = sst_otel.tag("".join(list(ANN)), "email")
            view["write"](path, email, sst_otel.tag("".join(["Read", "ing"]), "city"))
        with sst_otel.scope(2), path.open("rb") as lines:
            requests.post(f"{vendor.url}/v1", data=lines, timeout=20)
        assert [share[1:] for share in tracking.shares()] == [("1", ("city", "email"))]

    def test_an_equal_document_of_nobody(self, tracking: Tracking) -> None:
        view = run("import json\ndef write(value):\n    return json.dumps({'v': value})\n")
        with sst_otel.scope(1):
            view["write"](sst_otel.tag("".join(["Read", "ing"]), "city"))
        with sst_otel.scope(2):
            assert told(json.loads('{"v": "Reading", "w": 1}')["v"]) == set()


def test_what_we_read_ourselves_tells_us_nothing(tracking: Tracking, vendor: Vendor) -> None:
    """A payload that is looked at is no document of the program."""
    people()
    with sst_otel.scope(2):
        body = json.dumps({"email": ANN, "city": "Reading"})
        requests.post(f"{vendor.url}/v1", data=body, timeout=20)
    assert [kinds for _, _, kinds in tracking.shares()] == [("email",)]
    assert {datum.data_type for datum in tracking.tracker.registry.of_owner(owner_ref())} == {
        "email"
    }


def owner_ref() -> str:
    """Return the reference of the first person."""
    with sst_otel.scope(1):
        entry = marked(sst_otel.tag("".join(list(ANN)), "email"))
    assert entry is not None
    return entry.data[0].owner.ref


class TestTheProgramNoticesNothing:
    def test_outside_of_a_scope(self, tracking: Tracking) -> None:
        people()
        assert leaves(json.loads(json.dumps(DOCUMENT))) == {name: set() for name in DOCUMENT}

    def test_functions_look_as_before(self, tmp_path: Path) -> None:
        before = inspect.signature(json.loads), json.loads.__name__, json.loads.__module__
        original = json.loads
        with tracking_in(tmp_path):
            assert json.loads is not original
            assert pickle.loads(pickle.dumps(json.loads)) is json.loads
            assert before == (
                inspect.signature(json.loads),
                json.loads.__name__,
                json.loads.__module__,
            )
        assert json.loads is original

    @pytest.mark.parametrize(
        "parse", [lambda: json.loads("{"), lambda: pickle.loads(b"x"), lambda: orjson.loads(b"{")]
    )
    def test_errors_are_the_parsers(self, tracking: Tracking, parse: Any) -> None:
        with sst_otel.scope(1), pytest.raises((ValueError, pickle.UnpicklingError)) as caught:
            parse()
        frames = traceback.extract_tb(caught.value.__traceback__)
        assert not any("sst_otel/sources" in frame.filename for frame in frames)

    def test_odd_documents(self, tracking: Tracking) -> None:
        people()
        nested: Any = {"email": ANN}
        for _ in range(900):
            nested = {"data": nested}
        with sst_otel.scope(1):
            for tree in (nested, [DOCUMENT] * 5_000, {}, [], None, "x", {"email": [ANN]}):
                assert json.loads(json.dumps(tree)) == tree
            assert pickle.loads(pickle.dumps({1: ANN, ("a",): 2})) == {1: ANN, ("a",): 2}
        assert error_counts() == {}
