"""Values that libraries validate stay the data they were, in the form they are given."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import cattrs
import marshmallow
import pydantic
import pytest
import wtforms
from werkzeug.datastructures import MultiDict

from sst_otel.lifetime import release_all
from sst_otel.lineage import validated
from sst_otel.lineage.validated import follow
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import mark, marked
from sst_otel.scope import Scope, leave_scope, open_scope
from sst_otel.tags import Owner

ANN = Owner("ann", "1")


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
    model_config = pydantic.ConfigDict(str_strip_whitespace=True)

    name: str
    income: decimal.Decimal = pydantic.Field(alias="yearlyIncome")
    addresses: list[Address]
    score: float = 0.5


def person(given: Callable[[str, str], str]) -> dict[str, Any]:
    home = {"city": given("city", "Wernigerode"), "since": given("birthday", "2004-05-06")}
    return {
        "name": given("name", " Ann Keller "),
        "yearlyIncome": given("income", "54321.50"),
        "addresses": [home],
    }


@pytest.mark.parametrize(
    "validate",
    [
        lambda tree: pydantic.TypeAdapter(Person).validate_python(tree),
        lambda tree: Person.model_validate(tree),
        lambda tree: Person(**tree),
        lambda tree: pydantic.TypeAdapter(list[Person]).validate_python([tree])[0],
        lambda tree: pydantic.TypeAdapter(dict[str, Person]).validate_python({"p": tree})["p"],
    ],
    ids=["adapter", "model", "constructor", "list", "mapping"],
)
def test_pydantic(validate: Any, given: Any) -> None:
    made = validate(person(given))
    assert made.name == "Ann Keller"
    assert types_of(made.name) == ["name"]
    assert types_of(made.income) == ["income"]
    assert types_of(made.addresses[0].since) == ["birthday"]
    assert types_of(made.score) == []


def test_a_validator_that_gives_the_tree_another_shape(given: Any) -> None:
    class Pay(pydantic.BaseModel):
        annual: decimal.Decimal
        months: int = 12

    class Employee(pydantic.BaseModel):
        pay: Pay

        @pydantic.model_validator(mode="before")
        @classmethod
        def nest(cls, data: Any) -> Any:
            return {"pay": {"annual": data["income"]}}

    made = Employee.model_validate({"income": given("income", "54321.5"), "age": "12"})
    assert types_of(made.pay.annual) == ["income"]
    assert types_of(made.pay.months) == []


def test_a_single_value(given: Any) -> None:
    made = pydantic.TypeAdapter(float).validate_python(given("income", "54321.5"))
    assert types_of(made) == ["income"]


def test_a_value_that_is_refused_raises_as_ever(given: Any) -> None:
    with pytest.raises(pydantic.ValidationError) as raised:
        pydantic.TypeAdapter(float).validate_python(given("income", "much"))
    assert not [entry for entry in raised.traceback if "sst_otel" in str(entry.path)]


def test_marshmallow(given: Any) -> None:
    class Schema(marshmallow.Schema):
        born = marshmallow.fields.Date()
        income = marshmallow.fields.Decimal()

    made = Schema().load(
        {"born": given("birthday", "1991-03-02"), "income": given("income", "54321.50")}
    )
    assert (types_of(made["born"]), types_of(made["income"])) == (["birthday"], ["income"])


def test_cattrs(given: Any) -> None:
    @attrs.define(slots=False)
    class Member:
        income: float

    made = cattrs.Converter().structure({"income": given("income", "54321.5")}, Member)
    assert types_of(made.income) == ["income"]


def test_wtforms(given: Any) -> None:
    class Form(wtforms.Form):  # type: ignore[misc]
        income = wtforms.DecimalField()
        born = wtforms.DateField()

    fields = {"income": given("income", "54321.50"), "born": given("birthday", "1991-03-02")}
    form = Form(MultiDict(fields))
    assert form.validate()
    assert types_of(form.income.data) == ["income"]
    assert types_of(form.born.data) == ["birthday"]


def test_what_was_not_given_is_nobodys(given: Any) -> None:
    made = Person(**{**person(given), "score": 0.75})
    assert types_of(made.score) == []


def test_nothing_of_the_applications_is_called(given: Any) -> None:
    class Touchy:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = object.__hash__

    follow({"a": given("city", "Wernigerode")}, {"a": Touchy()})
    follow(Touchy(), Touchy())
    follow([given("city", "Wernigerode")], [1, 2])


def test_a_tree_that_holds_itself_comes_to_an_end() -> None:
    before: list[Any] = []
    before.append(before)
    after: list[Any] = []
    after.append(after)
    follow(before, after)
