"""What following values costs: the same functions plain and rewritten, in three situations.

``no marks``: a request in which nothing is marked, while other requests have marks; ``others``: the
request has a mark, on none of these values; ``own``: on all values that go in. Run by hand:
``python benchmarks/lineage.py``. Prints microseconds a call of the plain version (best of several
rounds) and ratios to it, measured in the same run.
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
from sst_otel.scope import Scope, current_scope, leave_scope, open_scope
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
    "report about a person (200 rows)": """
def work(user):
    title, place = user.name, user.city
    lines = []
    for number in range(200):
        key = f"{title}-{number}".upper().replace("-", " ").strip()
        label = key.title()[:24]
        share = number / 200 * 100
        lines.append(f"{number:04d} | {label:<24} | {place} | {share:6.2f} %")
    return "\\n".join(lines)
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


def in_scope(function: Callable[[Any], Any], data: list[str]) -> Callable[[Any], Any]:
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
FIELDS = ["name", "email", "city", "income", "spent"]


def row(source: str, user: User) -> list[float]:
    """Return microseconds: plain; in a scope without marks; with another's marks; with own ones."""
    plain, rewritten = build(source, False), build(source, True)
    other = "".join(["somebody", " else"])
    base = best(in_scope(plain, []), user) - (empty := best(in_scope(_nothing, []), user))
    still = best(in_scope(rewritten, []), user) - empty

    def with_other(user: User) -> Any:
        holder = current_scope()
        mark(other, (Datum(OWNER, "name", other, "db"),), holder)
        return rewritten(user)

    def nothing_with_other(user: User) -> None:
        mark(other, (Datum(OWNER, "name", other, "db"),), current_scope())

    live = best(in_scope(with_other, []), user) - best(in_scope(nothing_with_other, []), user)
    own = best(in_scope(rewritten, FIELDS), user) - best(in_scope(_nothing, FIELDS), user)
    return [base, still, live, own]


def _nothing(_: User) -> None:
    """Do nothing: what the scope itself costs is no site's."""


def main() -> None:
    """Print the table."""
    provide()
    elsewhere = Scope()
    foreign = "".join(["some", "body's"])
    mark(foreign, (Datum(OWNER, "name", foreign, "db"),), elsewhere)
    print(f"{'':38}{'plain us':>10}{'no marks':>10}{'others':>10}{'own':>10}")
    for name, source in CASES.items():
        base, *others = row(source, User())
        print(f"{name:38}{base:>10.1f}" + "".join(f"{value / base:>9.2f}x" for value in others))


if __name__ == "__main__":
    main()
