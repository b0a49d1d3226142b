"""Amounts of money and other numbers, whatever type or spelling they come in."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_CURRENCY = re.compile(
    r"^(?:[$€£¥₹]|(?:US|A|C)\$|USD|EUR|GBP|CHF|JPY|INR|CAD|AUD|SEK|NOK|DKK|PLN)\s*|"
    r"\s*(?:[$€£¥₹]|USD|EUR|GBP|CHF|JPY|INR|CAD|AUD|SEK|NOK|DKK|PLN|Euro|Dollars?)$",
    re.I,
)
_BLANKS = re.compile(r"(?<=\d)[ '\u2019\u00a0\u202f\u2009](?=\d{3}(?!\d))")
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
_GROUPED_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_GROUPED_DOT = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?")
_GROUPED_INDIAN = re.compile(r"[+-]?[1-9]\d?(?:,\d\d)+,\d{3}(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_SHORT = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s?([kKmM])")
_LONGEST_TEXT = 40
_MOST_DIGITS = 30


def parse_number(value: object) -> Decimal | None:
    """Return the amount ``value`` stands for, or None.

    Reads int, float and Decimal, and texts with currency signs, groups of three (comma, dot,
    blank, apostrophe; also Indian groups), a decimal comma, or ``k``/``M`` after it. One dot or
    comma before exactly three digits is a group (``50.000`` is fifty thousand), since amounts have
    no tenths of cents. Booleans, NaN, infinities and numbers over 30 digits give None.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value) if value.bit_length() <= 3 * _MOST_DIGITS else None
    if isinstance(value, float):
        return _bounded(Decimal(repr(value)))
    if isinstance(value, Decimal):
        return _bounded(value)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return None
    text = _CURRENCY.sub("", value.strip())
    text = _BLANKS.sub("", _CURRENCY.sub("", text))
    short = _SHORT.fullmatch(text)
    if short:
        factor = 1000 if short.group(2) in "kK" else 1_000_000
        return _bounded(Decimal(short.group(1).replace(",", ".")) * factor)
    return _decimal(_without_groups(text))


def plain_number(value: object) -> Decimal | None:
    """Return a number whose dot is always a decimal point (coordinates, ages), or None."""
    if isinstance(value, str):
        text = value.strip()
        ok = len(text) <= _LONGEST_TEXT and text.isascii() and _PLAIN.fullmatch(text)
        return _decimal(text) if ok else None
    return parse_number(value)


def number_text(number: Decimal) -> str:
    """Return the one spelling of ``number``: no exponent, no trailing zeros, no minus zero."""
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def number_renderings(number: Decimal) -> tuple[str, ...]:
    """Return the spellings of an amount that programs write, the plain one first."""
    plain = number_text(number)
    whole, _, fraction = plain.partition(".")
    grouped = f"{int(whole):,}"
    minus = "-" if plain.startswith("-") and not grouped.startswith("-") else ""
    grouped = minus + grouped
    dotted = grouped.replace(",", ".")
    if not fraction:
        return (
            plain, grouped, dotted, grouped.replace(",", " "), plain + ".0", plain + ".00",
            grouped + ".00", dotted + ",00",
        )  # fmt: skip
    if len(fraction) > 2:
        return (plain, f"{grouped}.{fraction}")
    cents = fraction.ljust(2, "0")
    return (
        plain, f"{whole}.{cents}", f"{grouped}.{cents}", f"{dotted},{cents}", f"{whole},{cents}",
        f"{grouped.replace(',', ' ')},{cents}",
    )  # fmt: skip


def _without_groups(text: str) -> str:
    if not text.isascii():
        return ""
    if _GROUPED_COMMA.fullmatch(text) or _GROUPED_INDIAN.fullmatch(text):
        return text.replace(",", "")
    if _GROUPED_DOT.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if _DECIMAL_COMMA.fullmatch(text):
        return text.replace(",", ".")
    return text if _PLAIN.fullmatch(text) else ""


def _decimal(text: str) -> Decimal | None:
    try:
        return _bounded(Decimal(text))
    except InvalidOperation:
        return None


def _bounded(number: Decimal) -> Decimal | None:
    """Keep numbers that can be written out; an exponent of a million would fill the memory."""
    if not number.is_finite():
        return None
    return number if -_MOST_DIGITS <= number.adjusted() <= _MOST_DIGITS else None
