"""The forms of a value: one to mint ids from, those programs write, those vendors hash."""

from __future__ import annotations

import ipaddress
import re
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
from sst_otel.datatypes.places import country_code, us_state_code
from sst_otel.datatypes.taxonomy import Taxonomy, default_taxonomy

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_ZIP_FIVE = re.compile(r"(\d{5})-?\d{4}")
_RUN = 7
_LONGEST_DIGESTED = 320
_LONGEST_INT_BITS = 1024


def normalise(data_type: str, value: object, taxonomy: Taxonomy | None = None) -> str:
    """Return the canonical form of a datum: equal however the datum is written.

    E-mail: trimmed, case-folded. Phone: digits, without ``+`` or ``00``. Dates: ISO 8601. Amounts:
    digits without groups and trailing zeros (``50000`` from int, float, Decimal and text). Card,
    IBAN and official numbers: letters and digits. Country: alpha-2. Gender: ``m``, ``f``, ``n``.
    Texts: NFKC, case-folded, blanks folded. Passwords and tokens: as they are. Idempotent.
    """
    return _NORMAL_FORMS[_form(data_type, taxonomy)](value)


def renderings(data_type: str, value: object, taxonomy: Taxonomy | None = None) -> tuple[str, ...]:
    """Return the texts by which a program may write the value, the value as written first.

    Phones, cards and IBANs have none but their own: see :func:`digit_run`.
    """
    form = _form(data_type, taxonomy)
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
    return _distinct((written, *found))


def digest_forms(
    data_type: str, value: object, taxonomy: Taxonomy | None = None
) -> tuple[str, ...]:
    """Return the texts that vendors' rules have hashed for this value.

    Sources: Meta, Google, TikTok, Snap, Pinterest, Reddit, Microsoft, Amazon (conversion APIs)
    and Mailchimp (member id). As written, stripped and lower-cased always come first.
    """
    written = as_text(value)
    stripped = written.strip()
    lower = stripped.lower()
    if len(stripped) > _LONGEST_DIGESTED:
        return _distinct((written, stripped, lower))
    special = _DIGEST_FORMS.get(_form(data_type, taxonomy))
    return _distinct((written, stripped, lower, *(special(lower, value) if special else ())))


def digit_run(data_type: str, value: object, taxonomy: Taxonomy | None = None) -> tuple[str, ...]:
    """Return the separator-free forms to compare with separator-free pieces of payloads.

    Phones: all digits, and the national ones. Cards, accounts and official numbers: digits, or
    letters and digits in lower case where there are letters. Empty for other types; nothing
    under 7 characters.
    """
    form = _form(data_type, taxonomy)
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


def _form(data_type: str, taxonomy: Taxonomy | None) -> str:
    known = (taxonomy or default_taxonomy()).get(data_type)
    return known.form if known is not None else "text"


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


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


def _email_digests(lower: str, value: object) -> tuple[str, ...]:
    email = "".join(lower.split()).removeprefix("mailto:")
    local, at, domain = email.rpartition("@")
    plain, plus, _ = local.partition("+")
    forms = [email]
    if plus and plain:
        forms.append(plain + at + domain)
    if domain in _GMAIL:
        forms.append(local.replace(".", "") + at + domain)
    forms.append(plain.replace(".", "") + at + domain)  # Reddit: for every domain
    return tuple(forms)


def _phone_digests(lower: str, value: object) -> tuple[str, ...]:
    digits, _ = phone_digits(lower)
    if not digits:
        return ()
    runs = phone_runs(lower)
    return (digits, digits.lstrip("0"), "+" + digits, *runs, *(f"+{run}" for run in runs[:1]))


def _letters(lower: str, value: object) -> tuple[str, ...]:
    """Return the text without punctuation, without blanks, and both; then without accents."""
    unpunctuated = " ".join("".join(c if c.isalnum() or c == " " else "" for c in lower).split())
    joined = "".join(lower.split())
    both = unpunctuated.replace(" ", "")
    folded = unicodedata.normalize("NFKD", both)
    return (unpunctuated, joined, both, "".join(c for c in folded if not unicodedata.combining(c)))


def _place_digests(lower: str, value: object) -> tuple[str, ...]:
    code = us_state_code(lower)
    return (*_letters(lower, value), *((code,) if code else ()))


def _postal_digests(lower: str, value: object) -> tuple[str, ...]:
    compact = lower.replace(" ", "")
    five = _ZIP_FIVE.fullmatch(compact)
    return (compact, compact.replace("-", ""), *((five.group(1),) if five else ()))


def _date_digests(lower: str, value: object) -> tuple[str, ...]:
    day = parse_date(value)
    if day is None:
        return ()
    return (
        day.isoformat(),
        day.strftime("%Y%m%d"),
        day.strftime("%m/%d/%Y"),
        day.strftime("%m%d%Y"),
    )


_DIGEST_FORMS: Mapping[str, Callable[[str, object], tuple[str, ...]]] = {
    "email": _email_digests,
    "phone": _phone_digests,
    "name": _letters,
    "place": _place_digests,
    "text": _letters,
    "compact": _postal_digests,
    "date": _date_digests,
    "number": lambda lower, value: (_number(value),),
    "country": lambda lower, value: (_country(value),),
    "gender": lambda lower, value: (_gender(value),),
    "alnum": lambda lower, value: (_alnum(value), _alnum(value).upper()),
    "identifier": lambda lower, value: (lower.replace("-", ""), lower.upper()),
}
