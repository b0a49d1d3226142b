"""Calendar dates as people and programs write them."""

from __future__ import annotations

import re
from datetime import date, datetime

_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[Tt ]\d{1,2}:\d\d[\d:.,]*\s?(?:[Zz]|[+-]\d.*)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})[.\-](\d{1,2})[.\-](\d{4})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_WORDY = re.compile(
    r"(?:[^\W\d]{2,10}\.?,\s*)?(\d{1,2})(?:st|nd|rd|th|er|º|\.)?[\s\-]+(?:de\s+|of\s+)?"
    r"([^\W\d]{3,10})\.?,?[\s\-]+(?:de\s+)?(\d{4})(?:[\sTt]+\d\d:\d\d.*)?"
)
_MONTH_FIRST = re.compile(r"([^\W\d]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_LONGEST = 40

_NAMES = "January February March April May June July August September October November December"
_ENGLISH = _NAMES.split()
_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "january jan januar jän januari janvier enero gennaio janeiro",
            "february feb februar februari février febrero febbraio fevereiro fev",
            "march mar märz maart mars marzo março",
            "april apr avril abril aprile",
            "may mai mei mayo maggio maio",
            "june jun juni juin junio giugno junho",
            "july jul juli juillet julio luglio julho",
            "august aug augustus août agosto",
            "september sep sept septembre septiembre settembre setembro",
            "october oct oktober okt octobre octubre ottobre outubro",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre diciembre dicembre dezembro",
        ),
        start=1,
    )
    for word in words.split()
}


def parse_date(value: object) -> date | None:
    """Return the day that ``value`` names, or None.

    Dates and datetimes give their day; texts are read as ISO 8601 (a time after it is dropped),
    ``YYYYMMDD``, ``dd.mm.yyyy``, ``dd-mm-yyyy``, ``mm/dd/yyyy`` (day first where the first number
    is over 12), and with month names in English, German, French, Spanish, Italian, Portuguese
    or Dutch (RFC 5322 dates too). Years are 1000-9999.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if 10_000_000 < value < 99_999_999 else ""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not 6 <= len(text) <= _LONGEST:
        return None
    for pattern, order in _ORDERS:
        found = pattern.fullmatch(text)
        if found:
            parts = {name: _number(part) for name, part in zip(order, found.groups(), strict=True)}
            return _day(parts["y"], parts["m"], parts["d"])
    slashed = _SLASHED.fullmatch(text)
    if slashed:
        first, second, year = map(int, slashed.groups())
        return _day(year, first, second) or _day(year, second, first)
    return None


_ORDERS = (
    (_ISO, "ymd"),
    (_COMPACT, "ymd"),
    (_DAY_FIRST, "dmy"),
    (_WORDY, "dmy"),
    (_MONTH_FIRST, "mdy"),
)


_MIDNIGHTS = ("T00:00:00", "T00:00:00Z", "T00:00:00.000Z", "T00:00:00+00:00", " 00:00:00", " 00:00")
"""What is written after a day where the day went through a point in time."""


def date_renderings(day: date) -> tuple[str, ...]:
    """Return the spellings of ``day`` that programs write, ISO first.

    RFC 5322 dates (what Flask's ``jsonify`` writes) contain the ``17 May 1990`` form.
    """
    year, month, number = f"{day.year:04d}", day.month, day.day
    name = _ENGLISH[month - 1]
    return (
        f"{year}-{month:02d}-{number:02d}",
        *(f"{year}-{month:02d}-{number:02d}{midnight}" for midnight in _MIDNIGHTS),
        f"{year}{month:02d}{number:02d}",
        f"{year}/{month:02d}/{number:02d}",
        f"{number:02d}.{month:02d}.{year}",
        f"{number}.{month}.{year}",
        f"{month:02d}/{number:02d}/{year}",
        f"{month}/{number}/{year}",
        f"{number:02d}/{month:02d}/{year}",
        f"{number:02d}-{month:02d}-{year}",
        f"{number:02d} {name} {year}",
        f"{number} {name} {year}",
        f"{name} {number}, {year}",
        f"{number:02d} {name[:3]} {year}",
        f"{number} {name[:3]} {year}",
        f"{name[:3]} {number}, {year}",
    )


def _number(part: str) -> int:
    return int(part) if part.isdecimal() else _MONTHS.get(part.casefold(), 0)


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number) if year >= 1000 else None
    except ValueError:
        return None
