"""The forms of a value: one to mint ids from, and those that programs write."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from sst_otel.datatypes.checks import GENDERS
from sst_otel.datatypes.dates import date_renderings, parse_date
from sst_otel.datatypes.numbers import (
    number_renderings,
    number_text,
    parse_number,
    plain_number,
)
from sst_otel.datatypes.phones import phone_digits, phone_runs
from sst_otel.datatypes.places import country_code
from sst_otel.datatypes.taxonomy import Taxonomy, default_taxonomy

_RUN = 7
_LONGEST_INT_BITS = 1024


def normalise(data_type: str, value: object, taxonomy: Taxonomy | None = None) -> str:
    """Return the canonical form of a datum: equal however the datum is written.

    E-mail: trimmed, case-folded. Phone: digits, without ``+`` or ``00``. Dates: ISO 8601. Amounts:
    digits without groups and trailing zeros (``50000`` from int, float, Decimal and text). Card,
    IBAN and official numbers: letters and digits. Country: alpha-2. Gender: ``m``, ``f``, ``n``.
    Texts: NFKC, case-folded, blanks folded. Passwords and tokens: as they are. Idempotent.
    """
    return _NORMAL_FORMS[form_of(data_type, taxonomy)](value)


def renderings(data_type: str, value: object, taxonomy: Taxonomy | None = None) -> tuple[str, ...]:
    """Return the texts by which a program may write the value, the value as written first.

    Phones, cards and IBANs have none but their own: see :func:`digit_run`.
    """
    form = form_of(data_type, taxonomy)
    written = as_text(value)
    found: tuple[str, ...] = ()
    if form == "date":
        day = parse_date(value)
        found = date_renderings(day) if day is not None else ()
    elif form == "number" and data_type != "age":
        number = parse_number(value)
        found = number_renderings(number) if number is not None else ()
    elif form in ("number", "plain_number"):
        found = (_plain_number(value),)
    elif data_type == "name":
        found = _reversed_name(written)
    return distinct((written, *found))


def digit_run(data_type: str, value: object, taxonomy: Taxonomy | None = None) -> tuple[str, ...]:
    """Return the separator-free forms to compare with separator-free pieces of payloads.

    Phones: all digits, and the national ones. Cards, accounts and official numbers: digits, or
    letters and digits in lower case where there are letters. Empty for other types; nothing
    under 7 characters.
    """
    form = form_of(data_type, taxonomy)
    if form == "phone":
        return phone_runs(as_text(value))
    if form != "alnum":
        return ()
    run = _alnum(value)
    return (run,) if len(run) >= _RUN and any(map(str.isdecimal, run)) else ()


def as_text(value: object) -> str:
    """Return ``str(value)``, without the exponents and limits of very long numbers."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and value.bit_length() > _LONGEST_INT_BITS:
        return hex(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def form_of(data_type: str, taxonomy: Taxonomy | None = None) -> str:
    """Return the name of the normal form that a type uses (``text`` for an unknown type)."""
    known = (taxonomy or default_taxonomy()).get(data_type)
    return known.form if known is not None else "text"


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts without empty ones and repetitions, in their order."""
    return tuple(dict.fromkeys(filter(None, texts)))


def _text(value: object) -> str:
    text = as_text(value)
    if not text.isascii():
        # Case folding can undo NFKC and the other way round; twice is stable (Unicode 3.13, D146).
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = unicodedata.normalize("NFKC", folded.casefold())
    else:
        text = text.lower()
    return " ".join(text.split())


def _email(value: object) -> str:
    text = _text(value)
    while text.startswith("mailto:"):
        text = text[7:].lstrip()
    return text


def _phone(value: object) -> str:
    text = _text(value)
    return phone_digits(text)[0] or text


def _date(value: object) -> str:
    day = parse_date(_text(value) if isinstance(value, str) else value)
    return day.isoformat() if day is not None else _text(value)


def _number(value: object) -> str:
    number = parse_number(_text(value) if isinstance(value, str) else value)
    return number_text(number) if number is not None else _text(value)


def _plain_number(value: object) -> str:
    number = plain_number(_text(value) if isinstance(value, str) else value)
    return number_text(number) if number is not None else _text(value)


def _alnum(value: object) -> str:
    text = _text(value)
    return "".join(filter(str.isalnum, text)) or text


def _compact(value: object) -> str:
    return unicodedata.normalize("NFKC", _text(value).replace(" ", ""))


def _country(value: object) -> str:
    text = _text(value)
    return country_code(text) or text


def _gender(value: object) -> str:
    text = _text(value)
    return GENDERS.get(text, text)


def _ip(value: object) -> str:
    text = _text(value).split(",", 1)[0].strip()
    try:
        return ipaddress.ip_address(text).compressed
    except ValueError:
        return text


def _identifier(value: object) -> str:
    number = value if isinstance(value, (float, Decimal)) else None
    return _number(number) if number is not None else _text(value)


_NORMAL_FORMS: Mapping[str, Callable[[object], str]] = {
    "text": _text, "name": _text, "place": _text, "email": _email, "phone": _phone, "date": _date,
    "number": _number, "plain_number": _plain_number, "alnum": _alnum, "compact": _compact,
    "country": _country, "gender": _gender, "ip": _ip, "identifier": _identifier,
    "verbatim": as_text,
}  # fmt: skip


def _reversed_name(text: str) -> tuple[str, ...]:
    words = text.replace(",", " ").split()
    if not 2 <= len(words) <= 5:
        return ()
    if "," in text:
        last, _, first = text.partition(",")
        return (f"{first.strip()} {last.strip()}",)
    return (f"{words[-1]}, {' '.join(words[:-1])}",)
