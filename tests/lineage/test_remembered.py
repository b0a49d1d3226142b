"""Results that a function made in another request and hands out again; running totals."""

from __future__ import annotations

import pytest

from tests.lineage.rule_support import inherited, people
from tests.lineage.support import describe, fresh, marked, run, scope, source_value

MODULE = """
import datetime
from functools import lru_cache

@lru_cache(maxsize=8)
def age(born):
    return (datetime.date(2026, 1, 31) - born).days // 365

@lru_cache
def greeting(name):
    return f"Dear {name}"

@lru_cache
def band(born):
    return "A1" if born.year > 1950 else "B1"

def view(function, value):
    if function == "age":
        return f"{age(value)} years"
    if function == "greeting":
        return f"{greeting(value)}!"
    return f"{band(value)} rate"
"""


@pytest.mark.parametrize(
    ("function", "name", "first", "again"),
    [
        ("age", "born", "derived(sub,days,floordiv)", "derived(lru_cache)"),
        ("greeting", "name", "name", "name"),
    ],
)
def test_what_was_made_in_another_request_is_still_theirs(
    function: str, name: str, first: str, again: str
) -> None:
    view = run(MODULE)["view"]
    for expected in (first, again, again):
        with people() as names:
            assert describe(marked(view(function, names[name]))) == f"composed {expected}:ada"


def test_what_was_only_decided_is_not() -> None:
    view = run(MODULE)["view"]
    for _ in range(3):
        with people() as names:
            assert describe(marked(view("band", names["born"]))) == ""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("accumulate([inc, paid])", "derived(add):ada derived(add):bob"),
        ("accumulate(one for one in [inc, paid])", "derived(add):ada derived(add):bob"),
        ("accumulate([inc, 2], operator.mul)", "derived(mul):ada"),
        ("accumulate([inc, 2], func=operator.mul)", ""),
        ("accumulate([7, 2, inc], initial=1)", ""),
        ("accumulate([7, 2])", ""),
    ],
)
def test_running_totals(code: str, expected: str) -> None:
    source = (
        f"import operator\nfrom itertools import accumulate\n"
        f"def totals():\n    return {code}\nr = list(totals())[1]"
    )
    assert inherited(source) == expected


AT_ONCE = """
def view(income):
    age = income // 1400
    yield
    yield f"{age} years"
"""


def test_requests_at_once_share_a_small_number() -> None:
    """The interpreter has one 35; the first request to end must not take it from the other."""
    views = run(AT_ONCE)["view"]
    with people() as of_first:
        first = views(of_first["inc"])
        next(first)
        with scope() as opened:
            theirs = int(fresh("50000"))
            source_value(theirs, "income", opened)
            second = views(theirs)
            next(second)
            assert describe(marked(next(second))) == "composed derived(floordiv):ada"
        assert describe(marked(next(first))) == "composed derived(floordiv):ada"
