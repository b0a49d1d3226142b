"""Payment cards and IBANs: the numbers that prove themselves."""

from __future__ import annotations

import re

_CARD_SHAPE = re.compile(r"\d{13,19}|\d{4}([ -])(?:\d{4}\1){2}\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5}")
_IBAN_SHAPE = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")

# Prefix ranges and lengths of the issuers' ranges (ISO/IEC 7812); Maestro's are too wide to mean
# anything without a field name.
_ISSUERS: tuple[tuple[int, int, int, frozenset[int]], ...] = (
    (4, 4, 1, frozenset({16, 19})),
    (51, 55, 2, frozenset({16})),
    (2221, 2720, 4, frozenset({16})),
    (34, 34, 2, frozenset({15})),
    (37, 37, 2, frozenset({15})),
    (6011, 6011, 4, frozenset({16, 19})),
    (644, 659, 3, frozenset({16, 19})),
    (3528, 3589, 4, frozenset({16, 19})),
    (300, 305, 3, frozenset({14})),
    (36, 36, 2, frozenset({14})),
    (38, 39, 2, frozenset({14})),
    (62, 62, 2, frozenset({16, 17, 18, 19})),
)

# Length of an IBAN by country (SWIFT IBAN registry).
_IBAN_LENGTHS = {
    15: "NO", 16: "BE BI", 18: "DK FI FK FO GL NL SD SO", 19: "MK SI",
    20: "AT BA EE KZ LT LU MN NI XK", 21: "CH CR HR LI LV", 22: "BG BH DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST",
    26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_LENGTHS_OF = {
    (country, length) for length, codes in _IBAN_LENGTHS.items() for country in codes.split()
}


def luhn(digits: str) -> bool:
    """Return whether a digit string passes the Luhn test (ISO/IEC 7812-1 annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = ord(digit) - 48
        if position % 2:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10 == 0


def is_card(text: str) -> bool:
    """Return whether ``text`` is a payment card number: shape, issuer, length and Luhn."""
    if not (text.isascii() and _CARD_SHAPE.fullmatch(text)):
        return False
    digits = text.replace(" ", "").replace("-", "")
    if len(set(digits)) < 2:
        return False
    known = any(
        low <= int(digits[:width]) <= high and len(digits) in lengths
        for low, high, width, lengths in _ISSUERS
    )
    return known and luhn(digits)


def is_iban(text: str) -> bool:
    """Return whether ``text`` is an IBAN: country, its length, and mod 97 (ISO 13616)."""
    compact = text.replace(" ", "").upper()
    if not (compact.isascii() and _IBAN_SHAPE.fullmatch(compact)):
        return False
    if (compact[:2], len(compact)) not in _LENGTHS_OF:
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
