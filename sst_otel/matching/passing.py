"""Words that stand together as a person's name does, and are none: *Baker will call*.

Of a name one word is often an everyday one (Will, Mark, May, Grace). Where a text writes that word
small beside the other one's capital, a sentence goes on; a name has both in one style.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sst_otel.datatypes.rarity import is_common
from sst_otel.registry.datum import Datum

_NAMES = frozenset({"name", "first_name", "last_name"})
_PAIR = 2


def is_in_passing(datum: Datum, key: str, text: str) -> bool:
    """Whether ``key``, the phrase by which ``datum`` was found, is no name anywhere in ``text``."""
    if datum.data_type not in _NAMES or type(datum.value) is not str:
        return False
    words = key.split()
    if len(words) != _PAIR or not datum.value.istitle():
        return False  # ``de Souza``, or typed without capitals: its style tells nothing
    if not any(map(is_common, words)):
        return False
    first, second = map(re.escape, words)
    together = re.compile(rf"\b({first})\W+({second})\b", re.IGNORECASE)
    styles = [pair.groups() for pair in _pairs(together, words[0], text)]
    return bool(styles) and all(_goes_on(*pair) for pair in styles)


def _pairs(together: re.Pattern[str], first: str, text: str) -> Iterator[re.Match[str]]:
    """Yield where both words stand; a search that ignores case takes long in a large text."""
    if not text.isascii():
        yield from together.finditer(text)
        return
    lowered = text.lower()
    at = lowered.find(first)
    while at >= 0:
        pair = together.match(text, at)
        if pair is not None:
            yield pair
        at = lowered.find(first, at + 1)


def _goes_on(first: str, second: str) -> bool:
    small, large = (first, second) if first.islower() else (second, first)
    return small.islower() and large[:1].isupper() and is_common(small)
