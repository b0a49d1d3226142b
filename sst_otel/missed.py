"""What was not followed or not read, counted, so that a miss can be seen (``sst-otel doctor``).

A budget that ran out, a form too large, a factory of the application that was left alone: none of
them is a failure, each may hide a share. Names are of code (a function, a module), never values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sst_otel.locks import new_lock

MARKS = "marks"
"""Requests in which more values were tagged than are kept."""
OPERATIONS = "operations"
"""Requests in which more was computed with tagged values than is looked into."""
LOST = "lost"
"""Results of functions that took tagged values and are unknown to us; by function."""
UNREAD = "unread"
"""Parts of outgoing payloads that were too long or too deep to be read."""
SCOPES = "scopes"
"""Requests and jobs given up while a thread that was started in them was still running."""
OUTPUTS = "outputs"
"""Digests and codes made of tagged values that there was no room to remember."""
EVICTED = "evicted"
"""Values forgotten before their time because there were too many."""
FIELDS = "fields"
"""Forms and documents with more fields than are looked at."""
DEPTH = "depth"
"""Documents nested deeper than is looked at."""
FACTORY = "factory"
"""Classes of the application that stand where ours would: their rows are not tagged; by class."""
STATEMENTS = "statements"
"""SQL texts that name something personal and were too long or could not be parsed."""
HOOK = "hook"
"""Functions that this version of a library does not have; by name."""
TAKEN = "taken"
"""Functions that modules had taken by name before tracking started; by function and module."""
BARE = "bare"
"""Shares that left by connections no sink knows; by the module that wrote."""
SEALED = "sealed"
"""Connections written to by what encrypts by itself (SSH); by the module that wrote."""

_counts: dict[str, Counter[str]] = {}
_lock = new_lock()
_MOST_NAMES = 200


def missed(kind: str, name: str = "", count: int = 1) -> None:
    """Count something that was not followed; ``kind`` is one of the constants here.

    ``name``: which function or class, as code names it. Beyond 200 names of a kind the rest is one.
    """
    with _lock:
        names = _counts.setdefault(kind, Counter())
        if name not in names and len(names) >= _MOST_NAMES:
            name = "others"
        names[name] += count


def counts() -> dict[str, dict[str, int]]:
    """Return what was counted in this process, by kind and name."""
    with _lock:
        return {kind: dict(names) for kind, names in _counts.items()}


def all_counts(budgets: Mapping[str, int], lineage: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return :func:`counts` with what scopes and lineage count themselves.

    ``budgets``: from :func:`sst_otel.scope.exhausted`. ``lineage``: from
    :func:`sst_otel.lineage.report`, of which ``dropped`` (by budget) and ``lost`` (by function).
    """
    found = counts()
    dropped = {**budgets, **_numbers(lineage.get("dropped"))}
    for kind, number in dropped.items():
        found.setdefault(kind, {})[""] = found.get(kind, {}).get("", 0) + number
    lost = found.setdefault(LOST, {})
    for name, number in _numbers(lineage.get("lost")).items():
        lost[name] = lost.get(name, 0) + number
    kept = {kind: {name: n for name, n in names.items() if n} for kind, names in found.items()}
    return {kind: names for kind, names in kept.items() if names}


def forget() -> None:
    """Start counting anew; for tests and for a new start of tracking."""
    with _lock:
        _counts.clear()


def _numbers(value: object) -> dict[str, int]:
    if not isinstance(value, Mapping):
        return {}
    return {str(name): n for name, n in value.items() if type(n) is int}
