"""How values are written: as a text, folded, and in the forms that programs give them."""

from __future__ import annotations

import datetime
import decimal
import fractions
import re
from typing import Any

from sst_otel.datatypes import renderings
from sst_otel.datatypes.dates import date_renderings
from sst_otel.registry.identity import MARKABLE
from sst_otel.registry.text import fold

TEXTS = frozenset({str, bytes, bytearray})
NUMBERS = frozenset({int, float, complex, decimal.Decimal, fractions.Fraction})
_REAL = frozenset({int, float, decimal.Decimal})
_DATES = frozenset({datetime.date, datetime.datetime})
_NOT_WORDS = re.compile(r"[\W_]+")
LONGEST = 400_000
"""Characters of a text that are searched for data."""


def as_text(value: Any) -> str:
    """Return a text as it is, bytes as UTF-8, other values of builtin types as ``str`` does."""
    if type(value) is str:
        return value
    if type(value) is bytes or type(value) is bytearray:
        return value[:LONGEST].decode("utf-8", "replace")
    if type(value) is int and value.bit_length() > 1_024:
        return hex(value)
    if issubclass(type(value), str):  # Markup
        return str.__str__(value)
    return str(value) if type(value) in MARKABLE else ""


def folded(text: Any) -> str:
    """Return ``text`` without case, mostly of the same length."""
    return as_text(text).lower()


def words(text: Any) -> str:
    """Return the folded letters and digits of ``text``, runs of all else as one blank."""
    return _NOT_WORDS.sub(" ", fold(as_text(text)[:LONGEST])).strip()


def says_something(text: Any) -> bool:
    """Whether a text has a letter or digit at all."""
    return any(map(str.isalnum, as_text(text)))


def forms(value: Any, data_type: str = "") -> tuple[str, ...]:
    """Return the texts, in lower case, that programs write for ``value``, the usual one first."""
    kind = type(value)
    if kind not in MARKABLE:
        return ()
    found = [as_text(value)]
    if kind in _REAL:
        found += _number_forms(value)
    elif kind in _DATES:
        found += [value.isoformat(), *date_renderings(value)]
    if data_type:
        found += renderings(data_type, value)
    stripped = (form.strip().lower() for form in found)
    return tuple(dict.fromkeys(form for form in stripped if form))


def _number_forms(value: Any) -> list[str]:
    if type(value) is int:
        if value.bit_length() > 1_024:
            return []
        return [f"{value:,}", f"{value:,}".replace(",", "."), f"{value}.0", f"{value:,.2f}"]
    specs = (",", ",.0f", ",.1f", ",.2f", ".0f", ".1f", ".2f", ".3f", ".4f", "f")
    return [format(value, spec) for spec in specs]
