"""Generated expressions do what they do without us, and whole library modules too."""

from __future__ import annotations

import calendar as plain_calendar
import doctest
import fractions as plain_fractions
import importlib.util
import string as plain_string
import sys
import textwrap as plain_textwrap
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sst_otel.guard import error_counts
from tests.lineage.support import compiled, fresh, run, scope, source_value

NAMES = st.sampled_from(["x", "y", "n", "m", "f", "o.t", "o.n", "d['k']"])
CONSTANTS = st.sampled_from(["'a b'", "''", "3", "0", "-2", "2.5", "b'ab'", "None", "('p', 7)"])
METHODS = st.sampled_from(
    ["strip()", "upper()", "split()", "encode()", "replace('a', 'b')", "zfill(9)", "title()"]
)


def _extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%"])
    specs = st.sampled_from(["", "!r", "!s", ":>8", ":,", ":.2f", "!r:^{3 + 4}"])
    return st.one_of(
        st.builds(lambda a, o, b: f"({a} {o} {b})", inner, operators, inner),
        st.builds(lambda a, s: f'f"<{{({a}){s}}}>"' if '"' not in a else f"({a})", inner, specs),
        st.builds(lambda a, m: f"({a}).{m}", inner, METHODS),
        st.builds(lambda a: f"({a})[1:3]", inner),
        st.builds(lambda a: f"str({a})", inner),
        st.builds(lambda a: f"int({a})", inner),
        st.builds(lambda a: f"round({a}, 1)", inner),
        st.builds(lambda a, b: f"', '.join([str({a}), str({b})])", inner, inner),
        st.builds(lambda a, b: f"'%s %s' % ({a}, {b})", inner, inner),
        st.builds(lambda a, b: f"'{{}} {{}}'.format({a}, {b})", inner, inner),
        st.builds(lambda a, b: f"[q + {a} for q in [{b}]]", inner, inner),
        st.builds(lambda a, b: f"(lambda q: q + {a})({b})", inner, inner),
        st.builds(lambda a, b: f"sum(q for q in [{a}, {b}])", inner, inner),
        st.builds(lambda a: f"-({a})", inner),
    )


EXPRESSIONS = st.recursive(NAMES | CONSTANTS, _extend, max_leaves=8)
VALUES = st.text(st.characters(codec="utf-8"), max_size=12)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # of code nobody would write
@settings(max_examples=250, deadline=None, derandomize=True)
@given(EXPRESSIONS, VALUES, VALUES, st.integers(-(10**6), 10**6), st.floats(allow_nan=False))
def test_any_expression_is_evaluated_as_written(
    expression: str, x: str, y: str, n: int, f: float
) -> None:
    source = (
        "try:\n"
        f"    r = {expression}\n"
        "except Exception as error:\n"
        "    r = (type(error).__name__, str(error))\n"
    )
    with scope() as opened:
        given_names: dict[str, Any] = {"x": fresh(x), "y": fresh(y), "n": n, "m": n + 1, "f": f}
        given_names["o"] = types.SimpleNamespace(t=given_names["x"], n=n)
        given_names["d"] = {"k": given_names["y"]}
        for name in ("x", "y", "n", "f"):
            source_value(given_names[name], "name", opened)
        rewritten, plain = run(source, **given_names), run(source, plain=True, **given_names)
        assert repr(rewritten["r"]) == repr(plain["r"])
        assert type(rewritten["r"]) is type(plain["r"])
    assert not error_counts()


def _library(name: str, patch: pytest.MonkeyPatch) -> types.ModuleType:
    """Return a rewritten copy of a standard module, imported under its name for this test."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    module = types.ModuleType(name)
    module.__file__ = spec.origin
    patch.setitem(sys.modules, name, module)
    source = Path(spec.origin).read_text(encoding="utf-8")
    exec(compiled(source, spec.origin), vars(module))
    return module


@pytest.mark.parametrize("name", ["statistics", "difflib"])
def test_doctests_of_library_modules(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = doctest.testmod(importlib.import_module(name), report=False)
    module = _library(name, monkeypatch)
    assert doctest.testmod(module, report=False) == plain


def test_library_modules_on_marked_values(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("textwrap", "string", "calendar", "fractions")
    textwrap, string, calendar, fractions = (_library(name, monkeypatch) for name in names)
    with scope() as opened:
        text = fresh("a long text about Ada Lovelace of London and her engine " * 3)
        number = int("1815")
        for value in (text, number):
            source_value(value, "name", opened)

        assert textwrap.fill(text, 31) == plain_textwrap.fill(text, 31)
        assert textwrap.indent(text, "> ") == plain_textwrap.indent(text, "> ")
        assert textwrap.shorten(text, 40) == plain_textwrap.shorten(text, 40)
        assert string.capwords(text) == plain_string.capwords(text)
        assert string.Template("$a!").substitute(a=text) == text + "!"
        assert string.Formatter().format("{0:>9}|{a}", number, a=text) == f"{number:>9}|{text}"
        assert calendar.month(number, 12) == plain_calendar.month(number, 12)
        assert calendar.HTMLCalendar().formatyear(number) == (
            plain_calendar.HTMLCalendar().formatyear(number)
        )
        half = fractions.Fraction(number, 2) + 1
        assert str(half) == str(plain_fractions.Fraction(number, 2) + 1)
    assert not error_counts()


def test_a_text_is_extended_in_place() -> None:
    """Building a text in a loop copies it once, not once a step, also while marks exist."""
    code = (
        "def build(line):\n"
        "    out = ''\n"
        "    moved = 0\n"
        "    for _ in range(20000):\n"
        "        before = id(out)\n"
        "        out += line\n"
        "        moved += id(out) != before\n"
        "    for _ in range(20000):\n"
        "        before = id(out)\n"
        "        out = out + f'{line}'\n"
        "        moved += id(out) != before\n"
        "    return len(out), moved\n"
    )
    with scope() as opened:
        other = fresh("somebody's value")
        source_value(other, "name", opened)
        length, moved = run(code)["build"]("x" * 50)
        assert length == 2_000_000
        _, moved_plain = run(code, plain=True)["build"]("x" * 50)
        assert moved < 2 * moved_plain + 2000
