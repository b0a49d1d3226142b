"""Whose a row is that no key tells: of a table without people, or of a query without ids.

A staging table has been filled from the form of this very request, and a list of colleagues has the
person in it who asks. One rare value that is known in the scope, or to be one account's, tells the
whole row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sst_otel.registry.datum import STRONG_BITS, Datum, strength
from sst_otel.registry.registry import Registry
from sst_otel.registry.text import phrase
from sst_otel.scope import PROCESS, Scope
from sst_otel.tags import NOBODY, Owner

_STATE = "people by rare values"
_MOST = 2_000
_SHORTEST = 6
_LONGEST = 100
Cell = tuple[int, "str | None", str, bool]
"""Index, data type, source (``db:users.email``), and whether it is a constant."""


def is_one_persons(cells: Sequence[Cell], joined: bool = False) -> bool:
    """Whether columns that nothing ties to a person can be those of a single one.

    Of two tables, or with two columns of a type, one row may be about two people; ``joined``: the
    tables are joined by who it is.
    """
    types = [data_type for _, data_type, _, _ in cells if data_type is not None]
    tables = {source.rpartition(".")[0] for _, _, source, _ in cells}
    return len(cells) > 1 and len(set(types)) == len(types) and (joined or len(tables) == 1)


def recognised(
    cells: Iterable[Cell], row: Sequence[Any], scope: Scope, registry: Registry | None
) -> Owner:
    """Return the one person whom a row's rare values name in ``scope``, else nobody.

    What the scope does not know may be known of one account, if the ``registry`` is to be asked:
    that has it index what was added, which otherwise waits until something leaves.
    """
    texts = [row[index] for index, *_ in cells if type(row[index]) is str]
    known = {} if scope is PROCESS or not scope.data else _rare_texts(scope)
    told = {datum.owner for text in texts for datum in known.get(text.strip().casefold(), ())}
    if not told and registry is not None:
        told = {owner for text in texts for owner in _accounts(text, registry)}
    return told.pop() if len(told) == 1 else NOBODY


def _accounts(text: str, registry: Registry) -> Iterator[Owner]:
    """Yield the accounts that have a rare value written exactly so."""
    if not _SHORTEST <= len(text) <= _LONGEST:
        return
    wanted, key = text.strip().casefold(), phrase(text)
    for index in registry.indexes():
        entry = index.phrases.get(key)
        for datum in entry if isinstance(entry, list) else [entry] if entry is not None else []:
            if datum.owner.known and _is_rare(datum) and datum.value.strip().casefold() == wanted:
                yield datum.owner


def _rare_texts(scope: Scope) -> dict[str, list[Datum]]:
    """Return the data of somebody in a scope that are rare, by their text."""
    data = scope.data
    nothing: dict[str, list[Datum]] = {}
    former, known, done = scope.state.get(_STATE) or (data, nothing, 0)
    if former is not data:
        known, done = {}, 0
    size = min(len(data), _MOST)
    if done < size:
        for datum in list(islice(data, done, size)):
            if _is_rare(datum):
                known.setdefault(datum.value.strip().casefold(), []).append(datum)
        scope.state[_STATE] = (data, known, size)
    return known


def _is_rare(datum: Datum) -> bool:
    return (
        bool(datum.owner.ref)
        and not datum.parents
        and type(datum.value) is str
        and strength(datum) >= STRONG_BITS
    )
