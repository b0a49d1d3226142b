"""One scalar of an outgoing call, with where it stands and what is around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sst_otel.matching.shown import shown_key
from sst_otel.registry.identity import Mark

URL = "url"
"""Place of a whole URL that the application put together itself."""

_SHORTEST_ANYWHERE = 4
"""Characters of a text that counts as sent inside of words only if it is longer."""
_AS_A_WORD = r"(?:(?<![\w.])|(?<=\\[nrt])){}(?!\w|\.\d)"
"""Behind the escape of a line's end, too."""

Place = str | tuple[Any, str | int]
"""A path, or the place around and a key or position in it: few leaves are ever asked for theirs."""


@dataclass(slots=True)
class Leaf:
    """One scalar of a payload."""

    place: Place
    key: str
    """The field's name as sent; for list items that of the list."""
    group: tuple[int, ...]
    """Numbers of the objects around it, outermost first; the last is its own object."""
    text: str
    mark: Mark | None = None
    """What the identity table says of the object itself."""
    structured: bool = True
    """False for running text (a header, a raw body), where weak values are never looked for."""
    folded: str | None = None
    """The text's phrase, None = not folded yet."""
    constant: Any = None
    """The object itself where it is a constant of the application's source, None = it is not."""
    encoded: bool = False
    """Whether it was read in a token's claims or other JSON in base64."""

    @property
    def path(self) -> str:
        """``body.user_data.em``, ``url.query.email``; keys that could be personal are ``{key}``."""
        place, pieces = self.place, []
        while not isinstance(place, str):
            place, inner = place
            pieces.append(f"[{inner}]" if type(inner) is int else f".{shown_key(str(inner))}")
        return place + "".join(reversed(pieces))


def is_part(text: str, everything: str) -> bool:
    """Whether ``text`` stands in what is sent; a short one as a word of its own.

    An age of 34 is no part of ``python-requests/2.34.2``.
    """
    if text not in everything:
        return False
    if len(text) > _SHORTEST_ANYWHERE:
        return True
    return re.search(_AS_A_WORD.format(re.escape(text)), everything) is not None
