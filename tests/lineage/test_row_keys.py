"""Small values of people's rows where a text is made of them, though all programs share them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from werkzeug.datastructures import MultiDict

from sst_otel.guard import error_counts
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS
from sst_otel.scope import Scope
from tests.lineage.support import ADA, BOB, describe, fresh, marked, run, scope, source_value

ID = "user_id:ada"


class Tuple(NamedTuple):
    """A row as a driver hands it out."""

    id: int
    email: str


class Slotted:
    """A row of an application's own kind."""

    __slots__ = ("email", "id")

    def __init__(self, number: int, email: str) -> None:
        self.id, self.email = number, email


@pytest.fixture
def opened() -> Iterator[Scope]:
    with scope() as made:
        for number, owner in ((1, ADA), (2, BOB)):
            made.data[Datum(owner, "user_id", number, "db:users.id")] = None
        yield made
    assert not IDS
    assert not error_counts()


@pytest.fixture
def email(opened: Scope) -> str:
    text = fresh("ada@example.com")
    source_value(text, "email", opened)
    return text


@pytest.fixture
def user(email: str) -> SimpleNamespace:
    return SimpleNamespace(id=1, email=email, team_id=3)


def inherited(code: str, **names: Any) -> str:
    """Run ``code`` as the body of a function, and plain; describe the mark of ``r``."""
    body = "\n".join(f"    {line}" for line in code.splitlines())
    module = run(f"def view({', '.join(names)}):\n{body}\n    return r\n")
    result = module["view"](**names)
    assert result == run(code, plain=True, **names)["r"]
    return describe(marked(result))


class TestTextsMadeOfAnId:
    @pytest.mark.parametrize(
        "code",
        [
            'r = f"u-{user.id}"',
            'r = f"c{user.id:06d}"',
            'r = f"/o/{user.id}/{len(str(3))}"',
            'r = "u-%d" % user.id',
            'r = "u-%s-%s" % (user.id, 9)',
            'r = "u-{}".format(user.id)',
            'r = "u-{who}".format(who=user.id)',
            'r = "u-" + str(user.id)',
            'r = "/".join(("exports", str(user.id), "latest"))',
            'get = lambda: user\nr = f"u-{get().id}"',
            'r = [f"u-{row.id}" for row in (user,)][0]',
            'import json\nr = json.dumps({"who": user.id, "n": [1, 2, 3]})',
        ],
    )
    def test_name_the_person(self, code: str, user: Any) -> None:
        assert inherited(code, user=user) == f"composed {ID}"

    def test_or_are_computed_of_it(self, user: Any) -> None:
        assert inherited("r = user.id * 7919 + 11", user=user).startswith("derived(")

    def test_from_rows_of_any_kind(self, email: str) -> None:
        for row in (Tuple(1, email), Slotted(1, email)):
            assert inherited('r = f"u-{row.id}"', row=row) == f"composed {ID}"
        mapping = {"id": 1, "email": email}
        assert inherited("r = f\"u-{row['id']}\"", row=mapping) == f"composed {ID}"

    def test_from_a_row_of_sqlite(self, opened: Scope) -> None:
        database = sqlite3.connect(":memory:")
        database.row_factory = sqlite3.Row
        row = database.execute("SELECT 1 AS id, 'ada@example.com' AS email").fetchone()
        database.close()
        source_value(row["email"], "email", opened)
        assert inherited("r = f\"u-{row['id']}\"", row=row) == f"composed {ID}"


class TestOtherSmallValues:
    """A gender of one letter and an age in a row are shared objects as well."""

    @pytest.fixture(autouse=True)
    def known(self, opened: Scope) -> None:
        for data_type, value in (("gender", "f"), ("age", 34)):
            opened.data[Datum(ADA, data_type, value, f"db:users.{data_type}")] = None

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ('r = f"a {row.gender} patient"', "composed gender:ada"),
            ('r = f"sex {row.gender.upper()}"', "composed gender:ada"),
            ('r = f"sex {row.gender[:1]}"', "composed gender:ada"),
            ("r = row.gender.rjust(4)", "gender:ada"),
            ('r = f"{row.age} years"', "composed age:ada"),
            ('r = f"{row.age}, {row.gender}"', "composed age:ada gender:ada"),
            ("r = f\"{vars(row)['gender']} of {vars(row)['age']}\"", "composed gender:ada age:ada"),
            ('r = f"{row.floor} of {row.gender == 1}"', ""),
            ('r = f"{row.size}"', ""),
        ],
    )
    def test_name_the_person_by_what_they_are_called(
        self, code: str, expected: str, email: str
    ) -> None:
        row = SimpleNamespace(gender="f", age=34, floor=34, size="f", email=email)
        assert inherited(code, row=row) == expected

    def test_of_a_form_are_its_senders(self, opened: Scope, email: str) -> None:
        assert marked(email) is not None
        opened.set_owner(ADA)
        form = MultiDict({"gender": "f"})
        assert inherited("r = f\"I am {form['gender']}\"", form=form) == "composed gender:ada"

    def test_of_a_list_of_choices_are_nobodys(self, opened: Scope, email: str) -> None:
        assert marked(email) is not None
        opened.set_owner(ADA)
        assert inherited("r = f\"{c['gender']} or m\"", c={"gender": "f"}) == ""


class TestOtherNumbers:
    @pytest.mark.parametrize(
        "code",
        [
            'r = f"u-{user.team_id}"',
            'r = f"{1} item"',
            'r = f"{count} item"',
            'name = f"u-{user.id}"\nr = f"{count} item"',
        ],
    )
    def test_are_nobodys(self, code: str, user: Any) -> None:
        assert inherited(code, user=user, count=1) == ""

    def test_of_a_row_that_names_the_person_elsewhere(self, email: str) -> None:
        order = SimpleNamespace(id=1, user_id=1, receipt_email=email)
        assert inherited('r = f"order {order.id}"', order=order) == ""
        assert inherited('r = f"of {order.user_id}"', order=order) == f"composed {ID}"

    def test_of_somebody_elses_row(self, email: str) -> None:
        row = SimpleNamespace(id=2, email=email)
        assert inherited('r = f"u-{row.id}"', row=row) == ""

    def test_of_a_row_without_a_person(self, opened: Scope) -> None:
        row = SimpleNamespace(id=1, label="Office")
        assert inherited('r = f"o-{row.id}"', row=row) == ""


class TestTheProgram:
    def test_gets_its_own_errors(self, user: Any) -> None:
        with pytest.raises(AttributeError, match="pk"):
            run('r = f"u-{user.pk}"', user=user)

    def test_reads_an_attribute_once(self, email: str) -> None:
        class Counting:
            reads = 0

            @property
            def id(self) -> int:
                self.reads += 1
                return 1

        row = Counting()
        run('r = f"u-{row.id}"\nget = lambda: row\nr = f"u-{get().id}"', row=row)
        assert row.reads == 2
