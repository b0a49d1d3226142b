"""A new account: what its form held belongs to it, not to whoever typed it in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from sst_otel.field_paths import scalars
from sst_otel.registry.datum import ROWS, Datum, folded_text
from sst_otel.registry.typed import is_of_another
from sst_otel.scope import Scope
from sst_otel.sources.cells import tag_cell
from sst_otel.sources.nouns import WITHOUT_ACCOUNT, noun_of
from sst_otel.sources.table_plan import TablePlan
from sst_otel.tagging import Tagger
from sst_otel.tags import Owner

_SENT_ALONG = ("cookie", "header", "session")
_SECRETS = ("password", "credential")
_NOT_DESCRIBING = ("user_content", "user_id", *_SECRETS)
_LONGEST = 20_000
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
    met = turned_out(tagger, scope, owner, types, row)
    written = _identifying(types, row)
    for name in written:
        tagger.has_account(owner, name)
    data = [datum for datum in list(scope.data) if not datum.parents and datum.owner != owner]
    formers = {datum.owner for datum in data if folded_text(datum) in written}
    if scope.visitor in formers:
        tagger.become(scope, owner)
        return
    known = scope.known_owner()
    if met and known is not None:
        formers.add(known)  # of whom a form of theirs is about besides
    texts = _folded(row.values())
    theirs = [
        datum
        for datum in data
        if datum.owner in formers and not datum.stored and folded_text(datum) in texts
    ]
    if theirs:
        tagger.give(scope, theirs, owner)


def turned_out(
    tagger: Tagger, scope: Scope, owner: Owner, types: Mapping[str, str], row: Mapping[str, Any]
) -> bool:
    """Say of whom a row is about that it is ``owner``; tell whether there was anybody."""
    found = strangers(tagger, scope, owner, types, row)
    for stranger in found:
        tagger.alias(stranger, owner)
    return bool(found)


def strangers(
    tagger: Tagger, scope: Scope, owner: Owner, types: Mapping[str, str], row: Mapping[str, Any]
) -> set[Owner]:
    """Return whom somebody has typed in ``scope`` who is told by a row of ``owner``'s.

    They were known by an address alone, or by nothing.
    """
    written = _identifying(types, row)
    themselves = (owner, scope.visitor, scope.known_owner())
    return {
        datum.owner
        for datum in list(scope.data)
        if datum.owner not in themselves
        and not datum.parents
        and folded_text(datum) in written
        and _is_stranger(tagger, datum.owner, written)
    }


def _is_stranger(tagger: Tagger, owner: Owner, written: set[str]) -> bool:
    if owner.id is None:
        return bool(owner.ref)
    return owner.id in written and tagger.is_addressed(owner)


def _identifying(types: Mapping[str, str], row: Mapping[str, Any]) -> set[str]:
    return _folded(row.get(name) for name, kind in types.items() if kind in IDENTIFYING)


def wrote_account(
    tagger: Tagger, scope: Scope, owner: Owner, table: TablePlan, row: Mapping[str, Any]
) -> None:
    """Make ``owner`` the person of a new row of accounts, and tag what is written of them.

    What the program made up for the row, such as an id, is theirs from here on.
    """
    signed_up(tagger, scope, owner, table.types, row)
    for column, data_type in table.types.items():
        stored = row.get(column)
        if stored is not None and data_type not in _SECRETS:
            constant = column in table.constants
            source = f"db:{table.table}.{column}"
            tag_cell(tagger, stored, data_type, owner, source, scope, constant)


def wrote_themselves(
    tagger: Tagger, scope: Scope, owner: Owner, types: Mapping[str, str], row: Mapping[str, Any]
) -> None:
    """Join a visitor with ``owner``, the person of their own that a row without account is.

    Only where all that they have typed stands in the row, or the form has nothing twice: of a form
    about two people either row is only one. Of somebody who is known the row is told by its key:
    the only e-mail that they have.
    """
    if turned_out(tagger, scope, owner, types, row):
        return
    known = scope.known_owner()
    if known is not None:
        if _is_keyed_by_theirs(tagger, scope, known, owner, types, row):
            tagger.alias(owner, known)
        else:
            _entered(tagger, scope, known, owner, types, row)
        return
    visitor = scope.visitor
    if visitor is None:
        return
    typed = [
        datum
        for datum in list(scope.data)
        if not datum.parents
        and datum.owner == visitor
        and datum.source.partition(":")[0] not in _SENT_ALONG
    ]
    texts = {folded_text(datum) for datum in typed}
    identifying = _identifying(types, row)
    if texts & identifying and (texts <= _folded(row.values()) or _is_of_one(typed, identifying)):
        tagger.become(scope, owner)


def _is_of_one(typed: list[Datum], identifying: set[str]) -> bool:
    """Whether a form is about one person: it has one e-mail, the row's, and nothing twice."""
    values: dict[str, set[str]] = {}
    for datum in typed:
        values.setdefault(datum.data_type, set()).add(folded_text(datum))
    return values.get("email", set()) <= identifying and all(
        len(found) == 1 for kind, found in values.items() if kind not in _NOT_DESCRIBING
    )


def _entered(
    tagger: Tagger,
    scope: Scope,
    known: Owner,
    owner: Owner,
    types: Mapping[str, str],
    row: Mapping[str, Any],
) -> None:
    """Give ``owner`` what staff has typed into a new row about them: by an e-mail not staff's."""
    written = _folded(row.get(name) for name, kind in types.items() if kind == "email")
    typed = [datum for datum in list(scope.data) if datum.owner == known and not datum.parents]
    strange = [datum for datum in typed if folded_text(datum) in written]
    if any(is_of_another(known, (datum,), tagger.registry) for datum in strange):
        texts = _folded(row.values())
        theirs = [datum for datum in typed if not datum.stored and folded_text(datum) in texts]
        tagger.give(scope, theirs, owner)


def changed(
    tagger: Tagger, scope: Scope, owner: Owner, types: Mapping[str, str], row: Mapping[str, Any]
) -> list[Datum]:
    """Give ``owner``, the person of a row, what somebody else has typed into it; return that."""
    known = scope.known_owner()
    if known is None or known == owner:
        return []
    tagger.settle(scope)  # a form may be read before it is known who has sent it
    written = {
        (kind, str(row[name]).strip().casefold())
        for name, kind in types.items()
        if kind not in _NOT_DESCRIBING and row.get(name) is not None
    }
    inside = _inside(row)
    theirs = [
        datum
        for datum in list(scope.data)
        if datum.owner == known
        and not datum.parents
        and not datum.stored
        and (
            (datum.data_type, folded_text(datum)) in written
            or (folded_text(datum) in inside and datum.data_type not in _NOT_DESCRIBING)
        )
    ]
    if theirs:
        tagger.give(scope, theirs, owner)
    return theirs


def unchanged(tagger: Tagger, scope: Scope, data: Iterable[Datum]) -> None:
    """Give ``data`` back to who has typed them: there was no row to write them to."""
    known = scope.known_owner()
    if known is not None:
        tagger.give(scope, data, known)


def entering(
    tagger: Tagger, scope: Scope, types: Mapping[str, str], row: Mapping[str, Any]
) -> None:
    """Part what staff types into an account without a key yet from staff themselves.

    The share that the statement is would be staff's else: it leaves before the key is known. An
    account with an address or a name that is theirs already is themselves once more.
    """
    known = scope.known_owner()
    telling = {name: kind for name, kind in types.items() if kind in IDENTIFYING}
    written = {(kind, str(row.get(name)).strip().casefold()) for name, kind in telling.items()}
    if known is None or any(
        datum.stored and (datum.data_type, folded_text(datum)) in written
        for datum in tagger.registry.of_owner(known.ref)
    ):
        return
    address = next((text for kind, text in sorted(written) if kind == "email" and "@" in text), "")
    stranger = tagger.addressed(address) if address else tagger.minter.visitor()
    changed(tagger, scope, stranger, types, row)


def copied_from(
    scope: Scope, owner: Owner, table: TablePlan, types: Mapping[str, str], row: Mapping[str, Any]
) -> Owner | None:
    """Return whose e-mail, read in ``scope`` from a row of another table, a new row repeats.

    The order of a guest repeats what stands in their basket. None of nobody, or of several, and
    where the row's people are in somebody's care.
    """
    if noun_of(table.table) in WITHOUT_ACCOUNT:
        return None
    written = _folded(row.get(name) for name, kind in types.items() if kind == "email")
    if not written:
        return None
    found = {
        datum.owner
        for datum in list(scope.data)
        if datum.data_type == "email"
        and datum.owner.known
        and datum.owner != owner
        and datum.source.startswith(ROWS)
        and not datum.source.startswith(f"{ROWS}{table.table}.")
        and folded_text(datum) in written
    }
    return found.pop() if len(found) == 1 else None


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
        datum.owner == known and folded_text(datum) == wanted
        for datum in list(scope.data)
        if not datum.parents
    ):
        return False
    return all(
        folded_text(datum) == wanted
        for datum in tagger.registry.of_owner(known.ref)
        if datum.data_type in kinds and not datum.parents
    )


def _inside(row: Mapping[str, Any]) -> set[str]:
    """Return the texts of the JSON documents that a row holds as text."""
    found: list[Any] = []
    for value in row.values():
        if type(value) is str and value[:1] == "{" and len(value) <= _LONGEST:
            with suppress(ValueError):
                found += [leaf for _, leaf in scalars(json.loads(value)) if type(leaf) is str]
    return _folded(found)


def _folded(values: Iterable[Any]) -> set[str]:
    return {str(value).strip().casefold() for value in values if value is not None} - {""}
