"""Value checks of identifiers: numbers and texts that stand for a person, account or device."""

from __future__ import annotations

import re
import uuid

from sst_otel.datatypes.checksums import is_card, is_iban
from sst_otel.datatypes.switches import says_nothing

_COOKIE_LIKE = re.compile(r"[\w.:~%+/=|-]{8,512}")
_OFFICIAL = re.compile(r"[A-Za-z]{0,6}[\dA-Za-z][\dA-Za-z ./\-]{3,22}[\dA-Za-z]")
_CARD_DETAIL = re.compile(r"\d{3,4}|\d{2}\s?/\s?(?:\d{2}|20\d{2})")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_HEX_DIGEST = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128}")
_URL = re.compile(r"(?:[a-z][a-z0-9+.\-]{1,20}:)?//\S+|/\S+|[\w-]+(?:\.[\w-]+)+(?:/\S*)?", re.I)


def identifier(value: object) -> bool:
    """Accept the key of a record: a positive number or a text without blanks."""
    if isinstance(value, (int, uuid.UUID)):
        return not isinstance(value, int) or value > 0
    if not isinstance(value, str) or says_nothing(value):
        return False
    return len(value) <= 256 and len(value.split()) == 1


def opaque_id(value: object) -> bool:
    """Accept a device's or browser's identifier: 8 characters or more with a digit."""
    if not isinstance(value, (str, int, uuid.UUID)):
        return False
    text = str(value)
    return bool(_COOKIE_LIKE.fullmatch(text)) and any(map(str.isdecimal, text))


def user_agent(value: object) -> bool:
    """Accept ``Product/version`` with more beside it (RFC 9110 10.1.5).

    A bare ``okhttp/4.9.3`` names a library that millions run, and the application's own HTTP client
    may send the very same.
    """
    if not isinstance(value, str) or len(value) < 8 or "/" not in value:
        return False
    return value[0].isalpha() and len(value.split()) > 1


def hex_digest(value: object) -> bool:
    """Accept an MD5, SHA-1, SHA-256 or SHA-512 in hex."""
    return isinstance(value, str) and bool(_HEX_DIGEST.fullmatch(value.strip()))


def official_id(value: object) -> bool:
    """Accept 5 to 24 letters and digits with separators, at least four digits."""
    text = str(value).strip() if isinstance(value, (str, int)) else ""
    return bool(_OFFICIAL.fullmatch(text)) and sum(map(str.isdecimal, text)) >= 4


def passport(value: object) -> bool:
    """Accept 6 to 9 letters and digits (ICAO 9303), at least one digit.

    German ones are drawn from 27 letters and digits: a third of them has fewer than three.
    """
    text = str(value).replace(" ", "") if isinstance(value, (str, int)) else ""
    return 6 <= len(text) <= 9 and text.isalnum() and any(map(str.isdecimal, text))


def plate(value: object) -> bool:
    """Accept 3 to 17 letters and digits (a VIN has 17), at least one digit."""
    text = re.sub(r"[\s\-·.]", "", value) if isinstance(value, str) else ""
    return 3 <= len(text) <= 17 and text.isalnum() and any(map(str.isdecimal, text))


def card(value: object) -> bool:
    """Accept a card number that passes issuer and Luhn tests, its security code or its expiry."""
    text = str(value).strip() if isinstance(value, (str, int)) else ""
    return is_card(text) or bool(_CARD_DETAIL.fullmatch(text))


def bank(value: object) -> bool:
    """Accept an IBAN, a BIC, or an account, routing or sort code of 6 to 20 digits."""
    text = str(value).strip() if isinstance(value, (str, int)) else ""
    digits = re.sub(r"[\s\-]", "", text)
    return (
        is_iban(text)
        or bool(_BIC.fullmatch(text))
        or (digits.isdecimal() and 6 <= len(digits) <= 20)
    )


def binary_or_text(value: object) -> bool:
    """Accept bytes, or a text that encodes them."""
    return isinstance(value, bytes) or (isinstance(value, str) and len(value) >= 8)


def password(value: object) -> bool:
    """Accept 4 to 256 characters, or the digits of a PIN."""
    return (
        isinstance(value, (str, int))
        and 4 <= len(str(value)) <= 256
        and not says_nothing(str(value))
    )


def secret(value: object) -> bool:
    """Accept 16 characters or more without blanks."""
    return isinstance(value, str) and len(value) >= 16 and len(value.split()) == 1


def media(value: object) -> bool:
    """Accept bytes of an image, or its address or file name."""
    return isinstance(value, bytes) or (isinstance(value, str) and ("." in value or ":" in value))


def url(value: object) -> bool:
    """Accept an address or path without blanks."""
    return isinstance(value, str) and bool(_URL.fullmatch(value.strip()))


def handle_or_url(value: object) -> bool:
    """Accept an account's name, number or address."""
    return identifier(value) and (not isinstance(value, str) or len(value.strip()) >= 2)
