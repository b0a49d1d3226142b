"""Whose a row is that no key tells: of a table without people, or of a query without ids.

A staging table has been filled from the form of this very request, and a list of colleagues has the
person in it who asks. One rare value that is known in the scope tells the whole row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sst_otel.registry.datum import STRONG_BITS, Datum, strength
from sst_otel.scope import PROCESS, Scope
from sst_otel.tags import NOBODY, Owner

_STATE = "people by rare values"
_MOST = 2_000
Cell = tuple[int, "str | None", str, bool]
"""Index, data type, source (``db:users.email``), and whether it is a constant."""


def is_one_persons(cells: Sequence[Cell]) -> bool:
    """Whether columns that nothing ties to a person can be those of a single one.

    Of two tables, or with two columns of a type, one row may be about two people.
    """
    types = [data_type for _, data_type, _, _ in cells if data_type is not None]
    tables = {source.rpartition(".")[0] for _, _, source, _ in cells}
    return len(cells) > 1 and len(set(types)) == len(types) and len(tables) == 1


def recognised(cells: Iterable[Cell], row: Sequence[Any], scope: Scope) -> Owner:
    """Return the one person whom a row's rare values name in ``scope``, else nobody."""
    if scope is PROCESS or not scope.data:
        return NOBODY
    known = _rare_texts(scope)
    told = {
        datum.owner
        for index, *_ in cells
        if type(row[index]) is str
        for datum in known.get(row[index].strip().casefold(), ())
    }
    return told.pop() if len(told) == 1 else NOBODY


def _rare_texts(scope: Scope) -> dict[str, list[Datum]]:
    """Return the data of somebody in a scope that are rare, by their text."""
    state: tuple[dict[str, list[Datum]], int] = scope.state.get(_STATE) or ({}, 0)
    known, done = state
    size = min(len(scope.data), _MOST)
    if done < size:
        for datum in list(islice(scope.data, done, size)):
            if _is_rare(datum):
                known.setdefault(datum.value.strip().casefold(), []).append(datum)
        scope.state[_STATE] = (known, size)
    return known


def _is_rare(datum: Datum) -> bool:
    return (
        bool(datum.owner.ref)
        and not datum.parents
        and type(datum.value) is str
        and strength(datum) >= STRONG_BITS
    )
