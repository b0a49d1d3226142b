"""Value checks: could this be the value of a field of that type? No network, no library.

Each check takes a text, number, date or bytes that is neither empty nor a boolean. They are meant
for values whose field name has already said the type; :func:`sst_otel.datatypes.values.recognise`
needs no name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from sst_otel.datatypes import identifier_checks as ids
from sst_otel.datatypes.dates import parse_date
from sst_otel.datatypes.numbers import parse_number, plain_number
from sst_otel.datatypes.phones import possible_phone
from sst_otel.datatypes.places import country_code
from sst_otel.datatypes.switches import says_nothing

GENDERS: Mapping[str, str] = {
    word: letter
    for letter, words in {
        "m": "m male man boy männlich maennlich mann homme masculin masculino hombre maschio 男",
        "f": "f female woman girl w weiblich frau femme féminin feminino femenino mujer femmina 女",
        "n": "n x nb d other diverse divers nonbinary non-binary enby agender genderqueer "
        "genderfluid transgender trans intersex autre otro",
    }.items()
    for word in words.split()
} | {"non binary": "n", "non_binary": "n", "he/him": "m", "she/her": "f", "they/them": "n"}
"""Words for a gender to the letter vendors hash (Meta m/f, Pinterest m/f/n)."""

_EMAIL = re.compile(
    r"[^\W_](?:[\w.!#$%&'*+/=?^`{|}~-]{0,62}[\w+=~-])?@"
    r"(?:localhost|(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}|(?:[\w-]+\.)+xn--[a-z0-9-]+)"
)
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f .,'\u2019\u2018\u00b4`\-·])*", re.UNICODE)
_DISPLAY_EXTRAS = re.compile(
    r"(?<=[\w ])\d{1,6}(?![\w.])|[\u200d\ufe0f\u2600-\u27bf\U0001f000-\U0001faff]"
)
_DOTTED = re.compile(r"\.\w{2,}")
_PLACE = re.compile(r"[^\W\d_][^\d_@<>{}\[\]\\|=;#%*]*")
_AGE_RANGE = re.compile(r"\d{1,3}\s?(?:-|\u2013|to|bis)\s?\d{1,3}|\d{1,3}\s?\+|[<>]\s?\d{1,3}")
_LANGUAGE = re.compile(
    r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|\d{3}))?|[^\W\d_]{4,20}"
)
_POSTAL = re.compile(r"(?=.*\d)[A-Za-z\d](?:[A-Za-z\d \-]{1,9})[A-Za-z\d]")
_YEARLESS = re.compile(r"\d{1,2}[-/.]\d{1,2}\.?")
_AMOUNT_RANGE = re.compile(
    r"[^\d]{0,2}\d[\d.,k]*\s?(?:-|\u2013|to|bis)\s?[^\d]{0,2}\d[\d.,k]*.{0,3}", re.I
)
_OLDEST_YEARS = 120
_LETTERS_LOOKED_AT = 400
_LONGEST_RANGE = 60

# Networks that never name a person's connection; documentation ranges stay, tests use them.
_OWN = (
    "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 169.254.0.0/16 0.0.0.0/8 224.0.0.0/3 "
    "::1/128 ::/128 fc00::/7 fe80::/10 ff00::/8"
)
_OWN_NETWORKS = tuple(map(ipaddress.ip_network, _OWN.split()))


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text[:_LETTERS_LOOKED_AT]))


def email(value: object) -> bool:
    """Accept RFC 5321 lengths with a dotted domain (or localhost); Unicode allowed (RFC 6531)."""
    if not isinstance(value, str):
        return False
    text = value.strip()
    return 5 <= len(text) <= 254 and ".." not in text and bool(_EMAIL.fullmatch(text))


def person_name(value: object) -> bool:
    """Accept letters with the blanks and marks of names; no digits, no file or host names."""
    if not isinstance(value, str) or says_nothing(value):
        return False
    text = value.strip()
    return len(text) <= 80 and bool(_NAME.fullmatch(text)) and not _DOTTED.search(text)


def full_name(value: object) -> bool:
    """Accept a person's name of at most seven words; digits and emoji as in display names."""
    if not isinstance(value, str) or len(value) > 80 or len(value.split()) > 7:
        return False
    plain = _DISPLAY_EXTRAS.sub("", value).strip()
    return _letters(plain) >= 2 and value.strip()[0].isalpha() and person_name(plain)


def username(value: object) -> bool:
    """Accept 2 to 64 characters without blanks; not an address."""
    if not isinstance(value, str):
        return False
    text = value.strip()
    return 2 <= len(text) <= 64 and "@" not in text[1:] and len(text.split()) == 1


def birth_date(value: object) -> bool:
    """Accept a day (or year) between 120 years ago and today, or a day without a year."""
    today = date.today()
    if isinstance(value, str) and _YEARLESS.fullmatch(value.strip()):
        return True
    text = str(value).strip() if isinstance(value, (int, str)) else ""
    year = int(text) if len(text) == 4 and text.isdecimal() else 0
    if 1000 <= year <= 9999:
        return today.year - _OLDEST_YEARS <= year <= today.year
    day = parse_date(value)
    return day is not None and day <= today and day.year >= today.year - _OLDEST_YEARS


def age(value: object) -> bool:
    """Accept whole years from 0 to 120, or a range of them."""
    if isinstance(value, str) and _AGE_RANGE.fullmatch(value.strip()):
        return True
    number = plain_number(value)
    return number is not None and 0 <= number <= _OLDEST_YEARS and number == int(number)


def gender(value: object) -> bool:
    """Accept a word for a gender, or its ISO/IEC 5218 number."""
    return str(value).strip().casefold() in GENDERS or str(value) in ("1", "2", "9")


def phone(value: object) -> bool:
    """Accept 7 to 15 digits (E.164) with the separators people use."""
    return isinstance(value, (str, int)) and possible_phone(str(value))


def street(value: object) -> bool:
    """Accept text with letters; a house number alone counts too."""
    if not isinstance(value, str) or says_nothing(value) or len(value) > 300:
        return isinstance(value, int) and 0 < value < 100_000
    text = value.strip()
    if re.fullmatch(r"\d{1,5}\s?[A-Za-z]?", text):
        return True
    return _letters(text) >= 3 and "@" not in text and "://" not in text and "{" not in text


def place(value: object) -> bool:
    """Accept a town's or region's name or letter code: letters, no digits."""
    if not isinstance(value, str) or says_nothing(value):
        return False
    text = value.strip()
    return 2 <= len(text) <= 85 and bool(_PLACE.fullmatch(text)) and "://" not in text


def place_text(value: object) -> bool:
    """Accept a place in words, a time zone included."""
    return isinstance(value, str) and not says_nothing(value) and _letters(value) >= 3


def postal(value: object) -> bool:
    """Accept 3 to 10 letters and digits, at least one digit."""
    return isinstance(value, (str, int)) and bool(_POSTAL.fullmatch(str(value).strip()))


def country(value: object) -> bool:
    """Accept an ISO 3166-1 code or a country's name."""
    return isinstance(value, str) and country_code(value) is not None


def ip(value: object) -> bool:
    """Accept a public address; of a forwarding list the first."""
    if not isinstance(value, str):
        return False
    try:
        address = ipaddress.ip_address(value.split(",", 1)[0].strip())
    except ValueError:
        return False
    return not any(address in network for network in _OWN_NETWORKS)


def coordinate(value: object) -> bool:
    """Accept a latitude or longitude with three or more decimals (100 m), or a pair of them."""
    parts = value.split(",") if isinstance(value, str) else [value]
    if not 1 <= len(parts) <= 2:
        return False
    for part in parts:
        number = plain_number(part)
        if number is None or abs(number) > 180:
            return False
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or exponent > -3:
            return False
    return True


def words(value: object) -> bool:
    """Accept text of two characters and a letter that says something (``yes`` does not)."""
    if not isinstance(value, str) or says_nothing(value):
        return False
    return len(value.strip()) >= 2 and _letters(value) >= 1


def content(value: object) -> bool:
    """Accept free text: three words or more, or over 20 characters."""
    if not words(value):
        return False
    return len(str(value).split()) >= 3 or len(str(value)) > 20 or not str(value).isascii()


def amount(value: object) -> bool:
    """Accept a number of at least 0 in any type or spelling, or a range of amounts."""
    number = parse_number(value)
    if number is not None:
        return number >= 0
    if not isinstance(value, str) or len(value) > _LONGEST_RANGE:
        return False
    return bool(_AMOUNT_RANGE.fullmatch(value.strip()))


def text_or_number(value: object) -> bool:
    """Accept words or a number."""
    return (
        words(value) or isinstance(value, (int, float, Decimal)) or parse_number(value) is not None
    )


def text_id(value: object) -> bool:
    """Accept a company's name or a member number."""
    return words(value) or ids.official_id(value)


def language(value: object) -> bool:
    """Accept a BCP 47 tag or a language's name."""
    return isinstance(value, str) and bool(_LANGUAGE.fullmatch(value.strip()))


def anything(value: object) -> bool:
    """Accept everything that is not empty."""
    return True


CHECKS: Mapping[str, Callable[[object], bool]] = {
    check.__name__: check
    for check in (
        email, person_name, full_name, username, birth_date, age, gender, phone, street, place,
        place_text, postal, country, ip, coordinate, words, content, ids.identifier, ids.opaque_id,
        ids.user_agent, ids.hex_digest, ids.official_id, ids.passport, ids.plate, ids.card,
        ids.bank, amount, text_or_number, text_id, ids.binary_or_text, ids.password, ids.secret,
        ids.media, ids.url, ids.handle_or_url, language, anything,
    )
}  # fmt: skip
"""By the names ``taxonomy.yaml`` uses."""
