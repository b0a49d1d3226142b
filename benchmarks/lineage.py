"""What following values costs: the same functions plain, rewritten, and rewritten with marks.

Run by hand: ``python benchmarks/lineage.py``. Prints microseconds a call (best of several rounds)
and the ratio to the plain version measured in the same run.
"""

from __future__ import annotations

import ast
import timeit
from collections.abc import Callable
from typing import Any

from sst_otel.lineage.helpers import provide
from sst_otel.lineage.rewrite import rewrite
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import mark
from sst_otel.scope import Scope, leave_scope, open_scope
from sst_otel.tags import Owner

CASES = {
    "prompt (f-string, 6 variables)": '''
def work(user):
    name, email, city = user.name, user.email, user.city
    income, spent = user.income, user.spent
    rate = (income - spent) / income * 100
    return f"""Customer: {name} <{email}> in {city}
Income: {income:,.0f}, spent: {spent:,.0f}, savings rate: {rate:.1f} %
Give advice."""
''',
    "prompt (f-string of attributes)": """
def work(user):
    return f"{user.name} <{user.email}> in {user.city} has {user.income:,.0f} and {user.spent}"
""",
    "text report (300 rows, string-heavy)": """
def work(user):
    lines = []
    for i in range(300):
        key = "row %d" % i
        label = key.upper().replace("ROW", "Row").strip()
        lines.append(f"{label:<12}|{i * 3 + 1:>8,}|{user.city}")
    out = ""
    for line in lines:
        out += line + "\\n"
    return out
""",
    "numbers (1000 steps)": """
def work(user):
    total = 0.0
    for i in range(1000):
        total = total + i * 1.5 - i / 3
    return total
""",
    "lookups and comparisons only": """
def work(user):
    found = {}
    for i in range(300):
        if user.city == i or i in found:
            continue
        found[i] = user.name
    return len(found)
""",
}


class User:
    """What a view gets from its database."""

    def __init__(self) -> None:
        self.name = "".join(["Ada ", "Lovelace"])
        self.email = "".join(["ada", "@example.com"])
        self.city = "".join(["Lon", "don"])
        self.income = int("50000")
        self.spent = float("40000.5")


def best(function: Callable[[Any], Any], user: User) -> float:
    """Return the microseconds of one call, best of 7 rounds of about 30 ms."""
    timer = timeit.Timer(lambda: function(user))
    number = max(1, int(0.03 / max(timer.timeit(3) / 3, 1e-7)))
    return min(timer.repeat(7, number)) / number * 1e6


def build(source: str, rewritten: bool) -> Callable[[Any], Any]:
    """Compile one case as the interpreter or as the import hook does."""
    tree = ast.parse(source)
    names: dict[str, Any] = {}
    exec(compile(rewrite(tree) if rewritten else tree, "<case>", "exec"), names)
    function: Callable[[Any], Any] = names["work"]
    return function


def marked_call(function: Callable[[Any], Any], data: list[str]) -> Callable[[Any], Any]:
    """Return ``function`` run in a scope of its own where the user's fields ``data`` are marked."""

    def call(user: User) -> Any:
        scope = Scope()
        token = open_scope(scope)
        for name in data:
            value = getattr(user, name)
            mark(value, (Datum(OWNER, name, value, "db"),), scope)
        try:
            return function(user)
        finally:
            leave_scope(token)
            scope.release()

    return call


OWNER = Owner("ref", "1")


def main() -> None:
    """Print the table."""
    provide()
    user = User()
    elsewhere = Scope()
    print(f"{'':38}{'plain us':>10}{'no marks':>10}{'others':>10}{'marked':>10}")
    for name, source in CASES.items():
        plain, rewritten = build(source, False), build(source, True)
        base = best(plain, user)
        unmarked = best(rewritten, user)
        foreign = "".join(["somebody", " else"])
        mark(foreign, (Datum(OWNER, "name", foreign, "db"),), elsewhere)
        others = best(rewritten, user)
        elsewhere.release()
        fields = ["name", "email", "city", "income", "spent"]
        opening = best(marked_call(lambda _: None, fields), user)
        marked = best(marked_call(rewritten, fields), user) - opening
        ratios = "".join(f"{value / base:>9.2f}x" for value in (unmarked, others, marked))
        print(f"{name:38}{base:>10.1f}{ratios}")


if __name__ == "__main__":
    main()
