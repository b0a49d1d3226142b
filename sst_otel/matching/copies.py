"""Sentences that the application put together in this scope, where the payload holds a copy.

SDKs copy, validate and serialise what they are given, and what is sent is another object. A first
name or an age in a prompt is too common to be recognised alone, the prompt itself is not.
"""

from __future__ import annotations

import re
from itertools import islice

from sst_otel.matching.leaf import Leaf
from sst_otel.registry.datum import strength
from sst_otel.registry.identity import IDS, Mark
from sst_otel.scope import Scope

_MOST = 100
"""The latest sentences of a scope that are compared."""
_SHORTEST, _LONGEST = 12, 20_000
_FEWEST_WORDS = 4
"""A formatted amount, a full name may be equal to another by chance."""
_TELLING_BITS = 16.0
"""From here, as of a family name or an id, a text of fewer words counts as the whole of a field."""
_ESCAPED = re.compile(r'[^\x20-\x7e]+|["\\/<>&\']')
"""What JSON, XML and HTML may write otherwise."""


def written(scope: Scope) -> list[Mark]:
    """Return the latest sentences of ``scope``, as far as they are long enough to be told by."""
    found = []
    for key in islice(reversed(scope.composed), _MOST):
        entry = IDS.get(key)
        if entry is not None and not entry.form and type(entry.obj) is str:
            text: str = entry.obj
            if _SHORTEST <= len(text) <= _LONGEST and (_is_sentence(text) or _is_telling(entry)):
                found.append(entry)
    return found


def _is_sentence(text: str) -> bool:
    return len(text.split()) >= _FEWEST_WORDS


def _is_telling(entry: Mark) -> bool:
    return any(strength(datum) >= _TELLING_BITS for datum in entry.data)


def may_hold_copies(sentences: list[Mark], everything: str, leaves: list[Leaf]) -> bool:
    """Whether the raw text of a payload holds one that no object handed over accounts for."""
    known = {id(leaf.mark) for leaf in leaves if leaf.mark is not None}
    return any(
        id(entry) not in known and max(_ESCAPED.split(entry.obj), key=len) in everything
        for entry in sentences
    )


def mark_copies(sentences: list[Mark], leaves: list[Leaf]) -> None:
    """Give leaves that hold a copy of a sentence its mark; the longest goes first."""
    by_length = sorted(sentences, key=lambda entry: len(entry.obj), reverse=True)
    for leaf in leaves:
        if leaf.mark is None and len(leaf.text) >= _SHORTEST:
            for entry in by_length:
                if entry.obj == leaf.text or (entry.obj in leaf.text and _is_sentence(entry.obj)):
                    leaf.mark = entry
                    break
