"""Telephone numbers as digits, without a numbering database.

The 48 MB of a real one buy little here: a field's name or a leading plus has already said that it
is a phone number, what is left is to write it one way.
"""

from __future__ import annotations

import re

_EXTENSION = re.compile(r"(?:,|;|\s*(?:ext\.?|extension|x|#|durchwahl))\s*\d{1,6}\s*$", re.I)
_ALLOWED = re.compile(r"[+\d\s().\-/\u2010-\u2015\u00a0]+")
_PLAIN = re.compile(r"[+0-9 ().\-/]+")
"""What most numbers are written with; no extension is among it."""
_NO_DIGIT = re.compile(r"[^0-9]+")
_INTERNATIONAL = re.compile(r"\+\s?[1-9][\d\s().\-/]{6,22}\d")
_NANP = re.compile(r"(?:1[ .\-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[.\-])[2-9]\d\d[.\- ]\d{4}")
_SIGNED_DECIMAL = re.compile(r"\+\d{1,3}\.\d+")
_PAIRS = re.compile(r"0[1-9](?:([ .\-])\d\d)(?:\1\d\d){3}")
_SEPARATOR = re.compile(r"[\s().\-/]")
_SHORTEST, _LONGEST = 7, 15
_LONGEST_TEXT = 48
_RUN = 7

# Two-digit country codes of ITU-T E.164; +1 and +7 have one digit, all others three.
_TWO_DIGIT_CODES = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98"
)
_TWO_DIGIT = frozenset(_TWO_DIGIT_CODES.split())


def phone_digits(text: str) -> tuple[str, bool]:
    """Return the digits of a phone number and whether they begin with a country code.

    A leading ``+`` or ``00`` is removed and says so; the ``(0)`` that some write after a country
    code and an extension are dropped.
    """
    text = text[:_LONGEST_TEXT].strip()
    if not _PLAIN.fullmatch(text):
        text = _EXTENSION.sub("", text)
    if text[:4].lower() == "tel:":
        text = text[4:]
    international = text.startswith(("+", "00", "(+"))
    if international:
        text = text.replace("(0)", "")
    digits = _NO_DIGIT.sub("", text)
    while digits.startswith("00"):
        digits = digits[2:]
    return digits, international


def possible_phone(text: str) -> bool:
    """Return whether ``text`` could be a phone number where the field's name says it is one."""
    if len(text) > _LONGEST_TEXT:
        return False
    bare = _EXTENSION.sub("", text.strip())
    bare = bare[4:] if bare[:4].lower() == "tel:" else bare
    if not _ALLOWED.fullmatch(bare) or bare.rfind("+") > 1:
        return False
    if re.fullmatch(r"\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4}", bare) or bare.count(".") > 4:
        return False
    digits, _ = phone_digits(bare)
    return _SHORTEST <= len(digits) <= _LONGEST and len(set(digits)) > 1


def unmistakable_phone(text: str) -> bool:
    """Return whether ``text`` is a phone number whatever its field is called.

    International with a plus (10 digits or more, or 8 with separators), North American with its
    area and exchange rules in 3-3-4 groups, or French in five pairs.
    """
    if _SIGNED_DECIMAL.fullmatch(text):
        return False
    if _INTERNATIONAL.fullmatch(text):
        digits, _ = phone_digits(text)
        least = 8 if _SEPARATOR.search(text) else 10
        return least <= len(digits) <= _LONGEST and len(set(digits)) > 2
    return bool(_NANP.fullmatch(text) or _PAIRS.fullmatch(text))


def phone_runs(text: str) -> tuple[str, ...]:
    """Return the digit strings by which a payload may name the number, the longest first.

    With country code and without it; without the trunk zero; a ten-digit number of North American
    shape also with its 1. Nothing under 7 digits.
    """
    digits, international = phone_digits(text)
    runs = [digits]
    if international:
        runs.append(_national(digits))
    else:
        trunkless = digits.lstrip("0")
        if len(digits) == 10 and _is_nanp(digits):
            runs.insert(0, "1" + digits)
        elif len(digits) == 11 and digits[0] == "1" and _is_nanp(digits[1:]):
            runs.append(digits[1:])
        runs.append(trunkless)
    return tuple(dict.fromkeys(run for run in runs if len(run) >= _RUN))


def _is_nanp(digits: str) -> bool:
    return digits[0] in "23456789" and digits[3] in "23456789"


def _national(digits: str) -> str:
    if digits[:1] in ("1", "7"):
        return digits[1:]
    return digits[2:] if digits[:2] in _TWO_DIGIT else digits[3:]
