"""Generated programs do the same rewritten: values, errors, tracebacks, the order of all of it."""

from __future__ import annotations

import builtins
import linecache
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sst_otel.guard import error_counts
from sst_otel.lineage.helpers import HELPERS
from sst_otel.scope import Scope
from tests.lineage.programs import BODIES, program
from tests.lineage.support import compiled, fresh, scope, source_value

VALUES = st.text(st.characters(codec="utf-8"), min_size=2, max_size=9) | st.sampled_from(
    ["banana split", "Ada L.", "47110815"]
)
RUNS: Counter[str] = Counter()


class Holder:
    """An object of the application: attributes, and a context manager that notes errors."""

    def __init__(self, t: str, n: int, log: Callable[[Any], None]) -> None:
        self.t, self.n, self.log = t, n, log

    def __enter__(self) -> Holder:
        return self

    def __exit__(self, kind: Any, error: Any, tb: Any) -> None:
        self.log(error and [(f.f_code.co_name, line) for f, line in traceback.walk_tb(tb)][1:])

    def __repr__(self) -> str:
        return f"<Holder {self.t!r} {self.n}>"


def outcome(source: str, values: tuple[Any, ...], *, plain: bool, marked: str) -> list[Any]:
    """Run the program; return what it returned or raised, and what it logged on the way."""
    linecache.cache["snippet.py"] = (len(source), None, source.splitlines(True), "snippet.py")
    logged: list[Any] = []

    def log(value: Any) -> None:
        logged.append((type(value).__name__, repr(value)))

    x, y, n, m, f = values
    given_values = [fresh(x), fresh(y), n + 0, m + 0, f + 0.0]
    x, y, n, m, f = given_values
    items = [fresh(x), y]
    names: dict[str, Any] = {"__name__": "snippet"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        code = compiled(source, plain=plain)
    exec(code, names)
    with scope() as opened:
        if marked == "others":
            source_value(fresh("somebody else"), "name", opened)
        elif marked == "own":
            for value in (*given_values, items[0]):
                source_value(value, "name", opened)
        try:
            made = names["work"](x, y, n, m, f, Holder(x, n, log), {"k": y}, items, log)
            log(made)
        except Exception as error:
            logged.append((type(error).__name__, str(error)))
            # With the marks under the code, all that a tracker would show.
            logged.append("".join(traceback.format_tb(error.__traceback__)[1:]))
            del error
    return [logged, repr(items)]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often sites ran, and how often they had something to follow."""

    def counting(helper: Callable[..., Any]) -> Callable[..., Any]:
        def count(*args: Any, **kwargs: Any) -> Any:
            RUNS["sites"] += 1
            return helper(*args, **kwargs)

        return count

    spend = Scope.spend

    def spending(self: Scope, operations: int = 1) -> bool:
        RUNS["followed"] += 1
        return spend(self, operations)

    RUNS.clear()
    monkeypatch.setattr(Scope, "spend", spending)
    for name, helper in HELPERS.items():
        if callable(helper) and name not in {"_sst_scope", "_sst_id", "_sst_type"}:
            monkeypatch.setattr(builtins, name, counting(helper))
    monkeypatch.setattr("tests.lineage.support.provide", lambda: None)
    return RUNS


@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(BODIES, VALUES, VALUES, st.integers(300, 10**6), st.floats(1, 1e6))
def test_any_program_does_what_it_does(body: list[str], x: str, y: str, n: int, f: float) -> None:
    source = program(body)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            compile(source, "snippet.py", "exec")
    except SyntaxError:
        return
    values = (x, y, n, n + 7, f)
    expected = outcome(source, values, plain=True, marked="")
    limit = sys.getrecursionlimit()
    for marked in ("", "others", "own"):
        assert outcome(source, values, plain=False, marked=marked) == expected, source
    assert sys.getrecursionlimit() == limit
    assert not error_counts()


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(BODIES)
def _run_counted(body: list[str]) -> None:
    source = program(body)
    try:
        outcome(source, ("banana split", "Ada L.", 4711, 815, 2.5), plain=False, marked="own")
    except SyntaxError:
        return


def test_the_programs_follow_values(counted: Counter[str]) -> None:
    """Most sites that run have something marked: what is compared is what we do."""
    _run_counted()
    assert counted["sites"] > 200
    assert counted["followed"] > counted["sites"] / 2
