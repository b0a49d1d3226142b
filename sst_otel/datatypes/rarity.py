"""How rare a value is, in bits: whether finding it in a payload can be a coincidence.

A digit is worth 3.3 bits, a letter 3, a common word or first name 4 in all, a trailing zero of a
number 1; no token is worth more than 36, and no value more than the value space of its type
(measured against prose and business JSON; the values are those of the matching rule).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from sst_otel.datatypes.forms import normalise
from sst_otel.datatypes.taxonomy import Taxonomy, default_taxonomy

_DIGIT, _LETTER, _COMMON, _ZERO, _CAP = 3.3, 3.0, 4.0, 1.0, 36.0
_EMAIL_AT_LEAST = 20.0
_FULL_NAME_AT_LEAST = 14.0
_RARE_TOGETHER = 20.0
_YEAR = 7.0
_IDEOGRAPH = 10.0
_LONG_TEXT_TOKENS = 5
_LONG_TEXT = 60.0
_LONGEST_COUNTED = 400
_TOKENS = re.compile(r"[^\W_]+")
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "'s")


def bits(data_type: str, value: object, taxonomy: Taxonomy | None = None) -> float:
    """Return the rarity of ``value`` as a datum of type ``data_type``; 0 for empty values.

    20 and more may be matched by content alone, 12 to 20 beside other evidence, below 12 only by
    identity or under a key that names the type.
    """
    taxonomy = taxonomy or default_taxonomy()
    known = taxonomy.get(data_type)
    cap = known.bits if known is not None else _LONG_TEXT
    form = known.form if known is not None else "text"
    text = normalise(data_type, value, taxonomy)[:_LONGEST_COUNTED]
    if form in ("number", "plain_number"):
        return min(cap, _number_bits(text))
    if form == "email":
        floor = _EMAIL_AT_LEAST if "@" in text else 0.0
        return min(cap, max(floor, _plain_bits(text)))
    if form == "date":
        return min(cap, _YEAR if text.isdecimal() and len(text) == 4 else _sum(text))
    if form in ("phone", "alnum", "ip"):
        return min(cap, _plain_bits(text))
    tokens = _TOKENS.findall(text)
    if len(tokens) >= _LONG_TEXT_TOKENS and form == "text":
        cap = max(cap, _LONG_TEXT)  # a sentence is not a value out of a vocabulary
    total = sum(map(_token_bits, tokens))
    if data_type == "name" and len(tokens) > 1:
        # First and last name together: measured 2.5e-6 a payload; less sure of two common words.
        rare = any(_token_bits(token) > _COMMON for token in tokens)
        total = max(total, _RARE_TOGETHER if rare else _FULL_NAME_AT_LEAST)
    elif data_type == "street_address" and len(tokens) > 2 and any(map(str.isdecimal, tokens)):
        total = max(total, _RARE_TOGETHER)  # house number and street: no coincidence measured
    return min(cap, total)


def is_common(word: str) -> bool:
    """Return whether a lower-case word is a common English word or a common first name."""
    words = _common_words()
    if word in words:
        return True
    return any(
        word.endswith(ending) and len(word) - len(ending) >= 3 and word[: -len(ending)] in words
        for ending in _ENDINGS
    )


def _sum(text: str) -> float:
    return sum(map(_token_bits, _TOKENS.findall(text)))


def _token_bits(token: str) -> float:
    if token.isalpha() and is_common(_unaccented(token)):
        return min(_COMMON, _LETTER * len(token))
    return min(_CAP, _plain_bits(token))


def _plain_bits(text: str) -> float:
    """Sum digits and letters; an ideograph says about as much as three letters."""
    total = 0.0
    for char in text:
        if char.isdecimal():
            total += _DIGIT
        elif char.isalpha():
            total += _LETTER if ord(char) < 0x2E80 else _IDEOGRAPH
    return total


def _number_bits(text: str) -> float:
    whole, _, fraction = text.partition(".")
    if not fraction:
        significant = whole.rstrip("0")
        return _plain_bits(significant) + _ZERO * (len(whole) - len(significant))
    return _plain_bits(whole.lstrip("0-")) + _plain_bits(fraction)


def _unaccented(word: str) -> str:
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def is_first_name(word: str) -> bool:
    """Return whether a lower-case word is a common first name."""
    return word in _words("first_names.txt")


def _common_words() -> frozenset[str]:
    return _words("common_words.txt", "first_names.txt")


@lru_cache(maxsize=4)
def _words(*names: str) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        found.update(Path(__file__).with_name(name).read_text(encoding="utf-8").split())
    return frozenset(found)
