"""Rewritten functions do nothing of ours while their scope has nothing marked, and no harm ever."""

from __future__ import annotations

import asyncio
import builtins
import inspect
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import pytest

from sst_otel.guard import error_counts
from sst_otel.lineage.helpers import HELPERS, provide
from sst_otel.scope import Scope, current_scope, leave_scope, open_scope
from tests.lineage.support import compiled, describe, fresh, marked, run, scope, source_value

TABLES = {"_sst_scope", "_sst_id", "_sst_type"}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often each helper ran."""
    counted: Counter[str] = Counter()

    def counting(name: str, helper: Callable[..., Any]) -> Callable[..., Any]:
        def count(*args: Any, **kwargs: Any) -> Any:
            counted[name] += 1
            return helper(*args, **kwargs)

        return count

    provide()
    with monkeypatch.context() as patch:
        for name, helper in HELPERS.items():
            if callable(helper) and name not in TABLES:
                patch.setattr(builtins, name, counting(name, helper))
        patch.setattr("tests.lineage.support.provide", lambda: None)
        yield counted


CLOSED = """
def work(text, number, user, items):
    made = f"{text} {number:>4} {user.name}" + text.upper()[1:3]
    made += " x"
    made = made + "y"
    total = number * 2 - 1
    total *= 3
    joined = ", ".join(items) + "%s/%d" % (text, number) + str(user.born.year)
    several = [f"{item}!" for item in items]
    first = (lambda value: value + "?")(text)
    other = user.name.strip() if text else -total
    return made, total, joined, several, first, other, int("7") + round(number / 3), items[0]
"""


class User:
    """Somebody of the application."""

    def __init__(self) -> None:
        self.name = fresh("Ada Lovelace")
        self.born = self
        self.year = 1815


def given() -> tuple[Any, ...]:
    return fresh("some text"), int("4711"), User(), [fresh("one item"), fresh("two items")]


class TestGates:
    def test_nothing_runs_while_nothing_is_marked(self, calls: Counter[str]) -> None:
        work = run(CLOSED)["work"]
        with scope() as opened:
            assert not opened.live
            result = work(*given())
        asked = {name: count for name, count in calls.items() if name != "_sst_attribute"}
        assert asked == {"_sst_add": 1, "_sst_call1": 1}  # user.born.year may load a person
        assert result == run(CLOSED, plain=True)["work"](*given())

    def test_a_mark_brings_the_scope_to_life(self, calls: Counter[str]) -> None:
        work = run(CLOSED)["work"]
        arguments = given()
        with scope() as opened:
            source_value(arguments[2].name, "name", opened)
            assert opened.live
            made = work(*arguments)[0]
            assert describe(marked(made)) == "composed name:ada"
        assert calls["_sst_joined"] == 1
        assert made == run(CLOSED, plain=True)["work"](*arguments)[0]

    def test_unmarked_variables_are_left_alone(self, calls: Counter[str]) -> None:
        code = "def work(a, b):\n    return f'{a}-{b}', a + b, a[1:], a.upper(), '%s' % b, int(b)\n"
        work = run(code)["work"]
        with scope() as opened:
            source_value(fresh("somebody else"), "name", opened)
            work(fresh("some"), fresh("12345"))
        assert not calls

    def test_counters_have_no_sites(self) -> None:
        code = (
            "STEP = 2\n"
            "def work(names):\n"
            "    total = 0\n"
            "    for i, name in enumerate(names):\n"
            "        total += i * STEP\n"
            "    return total + len(names) - 1, f'{total:>5}'\n"
        )
        work = run(code)["work"]
        assert not any(name.startswith("_sst") for name in work.__code__.co_names)

    def test_what_is_marked_on_the_way_is_followed(self) -> None:
        code = (
            "def view(load):\n"
            "    before = 'a' + 'b'\n"
            "    user = load()\n"
            "    return f'{before} {user}', 'Dear ' + load() + '!', [f'<{load()}>']\n"
        )
        view = run(code)["view"]
        with scope() as opened:

            def load() -> str:
                name = fresh("Ada Lovelace")
                source_value(name, "name", opened)
                return name

            first, second, third = view(load)
            for text in (first, second, *third):
                assert describe(marked(text)) == "composed name:ada"

    @pytest.mark.parametrize(
        "expression",
        [
            "f'{order.user.name}!'",
            "'Dear ' + order.user.name",
            "order.user.name.upper()",
            "'Dear %s' % order.user.name",
        ],
    )
    def test_what_a_relation_loads_in_the_expression_itself(self, expression: str) -> None:
        class Order:
            @property
            def user(self) -> Any:
                user = User()
                source_value(user.name, "name", current_scope())
                return user

        view = run(f"def view(order):\n    return {expression}\n")["view"]
        with scope():
            assert "name:ada" in describe(marked(view(Order())))

    def test_a_scope_opened_inside_the_function(self) -> None:
        code = (
            "def job(open_scope, leave_scope, Scope, name, tag):\n"
            "    inner = Scope()\n"
            "    token = open_scope(inner)\n"
            "    tag(name, 'name', inner)\n"
            "    text = f'{name}, {len(name)}'\n"
            "    leave_scope(token)\n"
            "    return text, inner\n"
        )
        job = run(code)["job"]
        with scope():
            text, inner = job(open_scope, leave_scope, Scope, fresh("Ada Lovelace"), source_value)
            assert describe(marked(text)) == "composed name:ada"
            inner.release()

    def test_generators_and_coroutines_ask_when_they_start(self) -> None:
        code = (
            "def lines(name):\n"
            "    while True:\n"
            "        yield f'{name}, {len(name)}'\n"
            "async def line(name):\n"
            "    return name + '!'\n"
        )
        names = run(code)
        name = fresh("Ada Lovelace")
        made = names["lines"](name)
        with scope() as opened:
            first = next(made)
            assert marked(first) is None
            source_value(name, "name", opened)
            assert describe(marked(next(made))) == "composed name:ada"
            assert describe(marked(asyncio.run(names["line"](name)))) == "composed name:ada"
        assert next(made) == "Ada Lovelace, 12"  # its scope has ended

    def test_a_scope_is_asked_for_in_place_where_that_is_cheaper(self) -> None:
        names = run(
            "def one(a):\n    if a > 'z':\n        raise ValueError(a + '!')\n    return a\n"
        )
        assert "_sst" not in names["one"].__code__.co_varnames

    def test_threads_without_a_scope(self) -> None:
        work = run("def work(name, out):\n    out.append(f'{name}!')\n")["work"]
        out: list[str] = []
        with scope() as opened:
            name = fresh("Ada Lovelace")
            source_value(name, "name", opened)
            thread = threading.Thread(target=work, args=(name, out))
            thread.start()
            thread.join()
            assert out == ["Ada Lovelace!"]
        assert not error_counts()


TRACED = '''
def f(x):
    """What it does."""
    y = (
        x +
        "a")
    while x:
        x = x[1:]
    return y + f"{x}"

@staticmethod
def g(x):
    for i in range(2):
        x += "b" + str(i)
    yield x
    with open(__import__("os").devnull) as file:
        y = x.upper() + x[1:]
    try:
        z = x + 1
    except TypeError:
        z = (x
             .strip()
             .lower())
    yield z

async def h(x):
    async def inner(v):
        return v + "c"
    return (await inner(x)) + x
'''


class TestWhoeverLooksAtTheCode:
    def trace(self, names: dict[str, Any]) -> list[tuple[str, str, int]]:
        events: list[tuple[str, str, int]] = []

        def tracer(frame: Any, event: str, _: Any) -> Any:
            if frame.f_code.co_filename != "snippet.py":
                return None
            events.append((event, frame.f_code.co_name, frame.f_lineno))
            return tracer

        before = sys.gettrace()
        sys.settrace(tracer)
        try:
            names["f"]("ab")
            list(names["g"].__func__("c"))
            asyncio.run(names["h"]("d"))
        finally:
            sys.settrace(before)
        return events

    @pytest.mark.parametrize("live", [False, True])
    def test_lines_run_in_their_order(self, live: bool) -> None:
        with scope() as opened:
            if live:
                source_value(fresh("somebody"), "name", opened)
            assert self.trace(run(TRACED)) == self.trace(run(TRACED, plain=True))

    def test_signatures_and_closures(self) -> None:
        def described(code: CodeType) -> list[Any]:
            inner = [part for part in code.co_consts if isinstance(part, CodeType)]
            own = (
                code.co_name,
                code.co_firstlineno,
                code.co_argcount,
                code.co_varnames[: code.co_argcount + code.co_kwonlyargcount],
                code.co_freevars,
                code.co_cellvars,
                code.co_flags,
            )
            return [own, *(each for part in inner for each in described(part))]

        source = TRACED + (
            "def outer(a, *b, c=1, **d):\n"
            "    def inner(e):\n"
            "        return [a + e + v for v in b] + [lambda: a + e], {a + v for v in d}\n"
            "    return inner\n"
        )
        assert described(compiled(source)) == described(compiled(source, plain=True))

    @pytest.mark.parametrize(
        "look", ["locals()", "vars()", "dir()", "sys._getframe().f_locals", "eval('dir()')"]
    )
    def test_functions_that_look_at_their_variables(self, look: str) -> None:
        code = (
            "import sys\n"
            "def f(a, b):\n"
            "    c = a + b\n"
            "    d = f'{a}{b}'\n"
            f"    return sorted({look})\n"
        )
        assert run(code)["f"]("x", "y") == run(code, plain=True)["f"]("x", "y")

    def test_docstrings_stay(self) -> None:
        names = run("def f(a):\n    'Say it.'\n    return [a + b + a for b in a] and a + a + a\n")
        assert inspect.getdoc(names["f"]) == "Say it."

    def test_names_of_ours_in_the_source(self) -> None:
        from sst_otel.lineage.rewrite import NotRewritable

        with pytest.raises(NotRewritable):
            compiled("def f(_sst):\n    return _sst + 'a'\n")
