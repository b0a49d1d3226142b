"""Any callable is called once, as without us, whatever it is."""

from __future__ import annotations

import functools
import operator
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from sst_otel.guard import error_counts
from sst_otel.lineage import calls, methods
from sst_otel.registry.identity import IDS
from tests.lineage.rule_support import inherited, people
from tests.lineage.support import describe, marked, run


class Hostile(type):
    """A class of classes that answers no question."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError("asked")

    def __instancecheck__(cls, instance: object) -> bool:
        raise RuntimeError("asked")


class Touchy(metaclass=Hostile):
    """Objects of it answer nothing but a call."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return args

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("asked")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("asked")

    def __hash__(self) -> int:
        raise RuntimeError("asked")

    def __bool__(self) -> bool:
        raise RuntimeError("asked")

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("asked")


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    with people() as values:
        yield values


def test_objects_of_the_application_are_asked_nothing(names: dict[str, Any]) -> None:
    touchy = type.__call__(Touchy)
    assert calls.callee(touchy) is touchy
    assert calls.call(touchy, names["email"]) == (names["email"],)
    assert calls.call(functools.partial(touchy, names["email"])) == (names["email"],)
    for function in (str.upper, operator.methodcaller("upper"), list.append, next, sum):
        with pytest.raises((TypeError, RuntimeError)):
            calls.call(function, touchy)
    assert calls.call("{0[0]}".format, [names["name"], touchy]) == names["name"]
    held = type("Box", (), {"__slots__": ("inner",)})()
    held.inner = touchy
    assert calls.call("{}".format, [names["name"], held]).startswith("['Ada")
    assert methods.method(touchy) is touchy
    assert methods.after_method(1, "strip", touchy, touchy) == 1
    assert not error_counts()


def test_functions_of_the_application_are_called_without_us(names: dict[str, Any]) -> None:
    def own(value: str) -> str:
        return value.upper()

    class Own:
        def method(self) -> None: ...

        @classmethod
        def made(cls) -> None: ...

    for function in (own, Own, Own.made, Own().method, lambda: 1):
        assert calls.callee(function) is function


def test_each_call_happens_once(names: dict[str, Any]) -> None:
    log: list[str] = []

    class Text(str):
        def __format__(self, spec: str) -> str:
            log.append(spec)
            return "x"

    assert calls.call("{:>3}{}".format, Text("a"), names["email"]) == "x" + names["email"]
    assert log == [">3"]
    assert calls.call(log.append, names["email"]) is None
    assert log == [">3", names["email"]]


def test_iterators_are_consumed_as_far_as_they_would_be(names: dict[str, Any]) -> None:
    items = (value for value in [names["inc"], names["out"], 5.0])
    assert calls.call1(next, items) == names["inc"]
    assert calls.call(sum, items, 1) == names["out"] + 6.0

    def returning() -> Any:
        yield names["name"]
        return names["email"]

    started = returning()
    assert calls.call1(next, started) is names["name"]
    with pytest.raises(StopIteration) as stopped:
        calls.call1(next, started)
    assert stopped.value.value is names["email"]


@pytest.mark.parametrize(
    "code",
    [
        "int(email)",
        "json.loads(email)",
        "re.sub('(', '', email)",
        "base64.b64decode(email + '!', validate=True)",
        "sum(int(c) for c in email)",
        "', '.join(x for x in [email, 3])",
        "functools.partial(int, email)()",
        "operator.add(email, 3)",
        "datetime.date.fromisoformat(email)",
        "'{x}'.format(y=email)",
    ],
)
def test_failures_end_in_the_applications_line(code: str, names: dict[str, Any]) -> None:
    imports = "import base64, datetime, functools, json, operator, re\n"
    source = f"{imports}def view():\n    return {code}\n"
    seen = []
    for plain in (False, True):
        view = run(source, plain=plain, **names)["view"]
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is without us
            view()
        frames = traceback.extract_tb(caught.value.__traceback__)[1:]
        own = [frame for frame in frames if "sst_otel" in frame.filename]
        assert not own
        seen.append((type(caught.value), str(caught.value), [(f.name, f.lineno) for f in frames]))
    assert seen[0] == seen[1]


def test_functions_that_lose_values_are_counted_by_name() -> None:
    calls.forget_lost()
    assert inherited("import socket\nf = socket.inet_aton\nr = f('10.1.2.' + income[:2])") == ""
    assert inherited("f = email.startswith\nr = f('ada')") == ""
    lost = calls.lost()
    calls.forget_lost()
    assert lost == {"_socket.inet_aton": 1}
    assert calls.lost() == {}


def test_a_first_value_that_arguments_bring_is_followed() -> None:
    code = (
        "import html\ndef load():\n    return keep(email)\n"
        "def view():\n    return '{}!'.format(load()), html.escape(load() + '&')\n"
        "r = '|'.join(view())"
    )
    code = "def keep(v):\n    return v\n" + code
    assert inherited(code) == "composed email:ada"


def test_nothing_is_left_without_a_scope() -> None:
    run("import json\nr = json.dumps({'a': [str(1), float('2')]})")
    assert not IDS
    assert describe(marked("")) == ""
