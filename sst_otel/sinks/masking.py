"""Payload paths without values: a key that is a person's name looks like any other word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

_PIECE = re.compile(r"[^.\[\]]+")
_WORD = re.compile(r"[\W_]+")
_SHORTEST = 3
_MOST = 500


def own_words(values: Iterable[object]) -> frozenset[str]:
    """Return what is known of a person in the form :func:`mask_path` compares, 500 at most."""
    kept = islice((value for value in values if isinstance(value, (str, int))), _MOST)
    return frozenset(str(value).casefold() for value in kept)


def mask_path(path: str, known: frozenset[str]) -> str:
    """Return ``path`` with ``{key}`` for every piece that has one of ``known`` as a word of it.

    ``known``: from :func:`own_words`. Letter case does not count.
    """
    folded = path.casefold()
    if known.isdisjoint(_PIECE.findall(folded)) and known.isdisjoint(_WORD.split(folded)):
        return path

    def shown(match: re.Match[str]) -> str:
        piece = match.group().casefold()
        words = (piece, *_WORD.split(piece))
        personal = any(len(word) >= _SHORTEST and word in known for word in words)
        return "{key}" if personal else match.group()

    return _PIECE.sub(shown, path)
