"""One stored value becomes one tagged value: shared by whatever reads rows."""

from __future__ import annotations

import decimal
import enum
import uuid
from functools import lru_cache
from typing import Any

from sst_otel.datatypes import plausible, recognise
from sst_otel.datatypes.values import second_type
from sst_otel.registry.identity import IDS, MARKABLE, forget
from sst_otel.scope import MARKS_PER_SCOPE, PROCESS, Scope
from sst_otel.sources.documents import Documents
from sst_otel.tagging import Tagger
from sst_otel.tags import Owner

_HELD = "row values"
_MOST_HELD = MARKS_PER_SCOPE // 2
_LET_GO = _MOST_HELD // 2
_ANY_TEXT = frozenset({None, "user_content"})
"""Types of columns whose text may be a document with fields of its own."""
_TAKES_ANYTHING = frozenset({"user_id", "street_address"})
"""Types of columns in which an e-mail address may stand instead: a sender, an address."""
_documents = lru_cache(maxsize=1)(Documents)
_KEYS = frozenset({int, str, uuid.UUID, decimal.Decimal})


def scalar(value: Any) -> Any:
    """Return a column's value as plain data; None for what cannot be one value (JSON, arrays)."""
    if type(value) in MARKABLE:
        return value
    if isinstance(value, enum.Enum):
        return scalar(value.value)
    return str.__str__(value) if isinstance(value, str) else None


def key_text(value: Any) -> str | None:
    """Return a key's value as text; None for NULL and for types that are the application's own."""
    return str(value) if type(value) in _KEYS else None


def _make_room(held: list[int], scope: Scope) -> None:
    """Let the older rows' values go where a scope reads more rows than it can follow.

    Half of a scope's room is left to what is made of them; a loop over a long result is at its
    newest rows.
    """
    oldest = [key for key in held[:_LET_GO] if (entry := IDS.get(key)) and entry.scope is scope]
    del held[:_LET_GO]
    forget(oldest, scope)
    for key in oldest:
        scope.let_go(key)


def tag_cell(
    tagger: Tagger,
    stored: Any,
    data_type: str | None,
    owner: Owner,
    source: str,
    scope: Scope,
    constant: bool = False,
) -> None:
    """Tag the value of one column, if it can be what the column says.

    ``data_type`` None: text or a document that is taken for what it looks like. ``constant``:
    the object is the same one in every row that has this value.
    """
    value = stored if type(stored) in MARKABLE else scalar(stored)
    if value is None:
        if issubclass(type(stored), (dict, list)):
            _documents(tagger).of_row(stored, owner, source, scope)
        return
    if (
        data_type in _ANY_TEXT
        and type(value) is str
        and "{" in value
        and _documents(tagger).of_row(value, owner, source, scope)
    ):
        return
    own = value is stored and not constant
    if own and scope is not PROCESS:
        held = scope.state.get(_HELD)
        if held is None:
            held = scope.state[_HELD] = []
        if len(held) >= _MOST_HELD:
            _make_room(held, scope)
        held.append(id(value))
    if data_type is None:
        if type(value) is not str or "@" not in value:
            return
        data_type = recognise(value)
        if data_type is None:
            return
    else:
        known = tagger.again(value, data_type, owner, scope, own)
        if known is not None:
            known.stored = True
            return
    kind = data_type if plausible(data_type, value) else second_type(data_type, value)
    if kind in _TAKES_ANYTHING and type(value) is str and "@" in value:
        kind = recognise(value) or kind  # people are known by their address here
    if kind is not None:
        tagger.value(value, kind, owner, source, scope, own)
