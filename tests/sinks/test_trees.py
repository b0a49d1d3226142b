"""Objects with fields are read as the trees they are sent as, and nothing of theirs runs."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, namedtuple
from typing import Any

import attrs
import pydantic
import pytest

from sst_otel.sinks.trees import plain

NAME = "Ann Keller"


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    name: str
    inner: Any = None
    _secret: str = pydantic.PrivateAttr("not sent")


@dataclasses.dataclass
class Data:
    name: str


@dataclasses.dataclass(slots=True)
class Slotted:
    name: str


@attrs.define
class Defined:
    name: str


Pair = namedtuple("Pair", "name")


@pytest.mark.parametrize("kind", [Model, Data, Slotted, Defined])
def test_fields_are_the_very_objects(kind: Any) -> None:
    name = "".join(NAME)
    found = plain({"people": [kind(name=name)]})
    assert found["people"][0]["name"] is name


def test_models_in_models_and_fields_beyond_the_declared() -> None:
    fields: Any = {"inner": (Data("b"), OrderedDict(c=Slotted("d"))), "more": Data("e")}
    found = plain(Model(name="a", **fields))
    assert found == {
        "name": "a",
        "inner": [{"name": "b"}, {"c": {"name": "d"}}],
        "more": {"name": "e"},
    }


def test_what_holds_no_objects_is_itself() -> None:
    for tree in ({"a": [1, "b", (2.5, None)]}, "text", [b"x", {1}], iter(["one-shot"]), object()):
        assert plain(tree) is tree
    assert plain([Pair("a")]) == [["a"]]


def test_no_code_of_the_class_runs() -> None:
    class Touchy(Data):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = None  # type: ignore[assignment]

    made = Touchy.__new__(Touchy)
    object.__setattr__(made, "name", NAME)
    assert plain([made]) == [{"name": NAME}]


def test_an_object_that_holds_itself_ends() -> None:
    made: Any = Data("a")
    made.name = [made, made]
    assert plain(made)["name"]
