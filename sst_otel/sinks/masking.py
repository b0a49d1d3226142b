"""Payload paths without values: a key that is a person's name looks like any other word."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PIECE = re.compile(r"[^.\[\]]+")
_WORD = re.compile(r"[\W_]+")
_SHORTEST = 3


def mask_path(path: str, values: Iterable[object]) -> str:
    """Return ``path`` with ``{key}`` for every piece that has one of ``values`` as a word of it.

    ``values`` are what is known of the person; letter case does not count.
    """
    known = {str(value).casefold() for value in values if isinstance(value, (str, int))}

    def shown(match: re.Match[str]) -> str:
        piece = match.group().casefold()
        words = (piece, *_WORD.split(piece))
        personal = any(len(word) >= _SHORTEST and word in known for word in words)
        return "{key}" if personal else match.group()

    return _PIECE.sub(shown, path)
