"""A new account: what its form held belongs to it, not to whoever typed it in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sst_otel.scope import Scope
from sst_otel.sources.people import WITHOUT_ACCOUNT, noun_of
from sst_otel.tagging import Tagger, hand_on
from sst_otel.tags import Owner

_SENT_ALONG = ("cookie", "header", "session")
IDENTIFYING = ("email", "username", "phone")
"""Data types by which a written row is known to come from what was typed in."""


def signed_up(
    tagger: Tagger, scope: Scope, owner: Owner, types: Mapping[str, str], row: Mapping[str, Any]
) -> None:
    """Give the scope's input that the new account's ``row`` holds to its ``owner``.

    ``row`` maps names to column values, ``types`` names to data types. A visitor becomes the owner
    altogether; of somebody who is logged in and creates an account for another person only that
    row's values move.
    """
    written = _folded(row.get(name) for name, kind in types.items() if kind in IDENTIFYING)
    typed = [
        datum
        for datum in list(scope.data)
        if not datum.parents and str(datum.value).strip().casefold() in written
    ]
    if not typed:
        return
    former = typed[0].owner
    if former == owner:
        return
    if not former.known and former == scope.visitor:
        tagger.become(scope, owner)
        return
    texts = _folded(row.values())
    for datum in list(scope.data):
        if datum.owner == former and str(datum.value).strip().casefold() in texts:
            datum.owner = owner
            datum.tag = None
            datum.collected = False
    hand_on(scope)


def wrote_themselves(
    tagger: Tagger, scope: Scope, owner: Owner, types: Mapping[str, str], row: Mapping[str, Any]
) -> None:
    """Join a visitor with ``owner``, the person of their own that a row without account is.

    Only where all that they have typed stands in the row, and nothing of anybody else: of a form
    about two people either row is only one. Of somebody who is known the row is told by its key:
    the only e-mail that they have.
    """
    known = scope.known_owner()
    if known is not None:
        if _is_keyed_by_theirs(tagger, scope, known, owner, types, row):
            tagger.alias(owner, known)
        return
    visitor = scope.visitor
    if visitor is None:
        return
    typed = {
        str(datum.value).strip().casefold()
        for datum in list(scope.data)
        if not datum.parents
        and datum.owner == visitor
        and datum.source.partition(":")[0] not in _SENT_ALONG
    }
    identifying = _folded(row.get(name) for name, kind in types.items() if kind in IDENTIFYING)
    if typed & identifying and typed <= _folded(row.values()):
        tagger.become(scope, owner)


def _is_keyed_by_theirs(
    tagger: Tagger,
    scope: Scope,
    known: Owner,
    owner: Owner,
    types: Mapping[str, str],
    row: Mapping[str, Any],
) -> bool:
    """Whether ``owner`` is a row whose key ``known`` has typed, and who has no other such value.

    Whoever has two e-mails in here enters those of other people.
    """
    table, _, key = (owner.id or "").partition(":")
    kinds = {kind for name, kind in types.items() if str(row.get(name)) == key}
    if not key or not kinds & set(IDENTIFYING) or noun_of(table) in WITHOUT_ACCOUNT:
        return False
    wanted = key.strip().casefold()
    if not any(
        datum.owner == known and str(datum.value).strip().casefold() == wanted
        for datum in list(scope.data)
        if not datum.parents
    ):
        return False
    return all(
        str(datum.value).strip().casefold() == wanted
        for datum in tagger.registry.of_owner(known.ref)
        if datum.data_type in kinds and not datum.parents
    )


def _folded(values: Iterable[Any]) -> set[str]:
    return {str(value).strip().casefold() for value in values if value is not None} - {""}
