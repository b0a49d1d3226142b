"""What pydantic 1 makes of values stays the data they were, under their aliases too."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Iterator
from typing import Any, cast

import pydantic
import pytest

from sst_otel.lifetime import release_all
from sst_otel.lineage import validated
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import mark, marked
from sst_otel.scope import Scope, leave_scope, open_scope
from sst_otel.tags import Owner

ANN = Owner("ann", "1")
V1 = cast(Any, pydantic)
"""As the types of the newest are another library's."""


@pytest.fixture
def given() -> Iterator[Callable[[str, str], str]]:
    """Makes texts that are marked as data, within a scope."""
    scope = Scope()
    token = open_scope(scope)
    patches = validated.install()

    def make(data_type: str, text: str) -> str:
        value = "".join(text)
        mark(value, (Datum(ANN, data_type, value, "json:x"),), scope)
        return value

    yield make
    patches.undo()
    leave_scope(token)
    scope.release()
    release_all()


def types_of(value: Any) -> list[str]:
    entry = marked(value)
    return [] if entry is None else [datum.data_type for datum in entry.data]


class Address(pydantic.BaseModel):
    city: str
    since: datetime.date


class Person(pydantic.BaseModel):
    class Config:
        anystr_strip_whitespace = True

    name: str
    income: decimal.Decimal = pydantic.Field(alias="yearlyIncome")
    addresses: list[Address]
    score: float = 0.5


@pytest.mark.parametrize(
    "validate",
    [
        lambda tree: Person(**tree),
        lambda tree: cast(Any, Person).parse_obj(tree),
        lambda tree: V1.parse_obj_as(Person, tree),
        lambda tree: V1.parse_obj_as(list[Person], [tree])[0],
        lambda tree: V1.parse_obj_as(dict[str, Person], {"p": tree})["p"],
    ],
    ids=["constructor", "parse_obj", "parse_obj_as", "list", "mapping"],
)
def test_a_model(validate: Any, given: Any) -> None:
    home = {"city": given("city", "Wernigerode"), "since": given("birthday", "2004-05-06")}
    tree = {
        "name": given("name", " Ann Keller "),
        "yearlyIncome": given("income", "54321.50"),
        "addresses": [home],
    }
    made = validate(tree)
    assert made.name == "Ann Keller"
    assert types_of(made.name) == ["name"]
    assert types_of(made.income) == ["income"]
    assert types_of(made.addresses[0].city) == ["city"]
    assert types_of(made.addresses[0].since) == ["birthday"]
    assert types_of(made.score) == []


def test_a_value_that_is_refused_raises_as_ever(given: Any) -> None:
    with pytest.raises(pydantic.ValidationError) as raised:
        cast(Any, Address).parse_obj({"city": "x", "since": given("birthday", "some day")})
    assert not [entry for entry in raised.traceback if "sst_otel" in str(entry.path)]
