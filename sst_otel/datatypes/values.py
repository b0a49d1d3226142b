"""What a value says about its type, alone and together with its field's name."""

from __future__ import annotations

import re

from sst_otel.datatypes.checks import CHECKS, email
from sst_otel.datatypes.checksums import is_card, is_iban
from sst_otel.datatypes.names import FieldClassifier
from sst_otel.datatypes.phones import unmistakable_phone
from sst_otel.datatypes.placeholders import is_placeholder
from sst_otel.datatypes.roles import MACHINES
from sst_otel.datatypes.taxonomy import Taxonomy, default_taxonomy

_LONGEST_PATTERN_INPUT = 1024
_MOST_BITS = 256
_SHORTEST, _LONGEST = 6, 254
_MOST_NAME_WORDS = 5

# Checks that accept almost any text: a value that proves its own type outweighs them.
_WEAK_CHECKS = frozenset(
    {"identifier", "words", "content", "anything", "handle_or_url", "password", "text_id", "street",
     "place_text", "text_or_number", "opaque_id", "official_id", "url", "media", "binary_or_text",
     "username", "secret"}
)  # fmt: skip

# Ends of file names that look like domains: logo@2x.png.
_FILE_ENDS = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|ico|css|s[ac]ss|js|mjs|tsx?|json|html?|pdf|txt|xml|csv|ya?ml|exe|"
    r"dll|woff2?|ttf|map|lock|log|bak|tmp|local|internal|lan|invalid)$"
)
_PAN = re.compile(r"[A-Za-z]{3}[ABCFGHJLPTabcfghjlpt][A-Za-z]\d{4}[A-Za-z]")


def plausible(data_type: str, value: object, taxonomy: Taxonomy | None = None) -> bool:
    """Return whether ``value`` is possible for a field of type ``data_type``.

    None, booleans, containers, empty texts and words for nobody never are. An installation's own
    ``pattern`` replaces the shipped check and must match the whole value. Unknown types: False.
    """
    known = (taxonomy or default_taxonomy()).get(data_type)
    if known is None or value is None or isinstance(value, (bool, list, tuple, dict, set)):
        return False
    if isinstance(value, (str, bytes)) and not value.strip():
        return False
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return False
    if isinstance(value, str) and is_placeholder(data_type, value):
        return False
    if known.pattern is not None:
        text = str(value).strip()
        return len(text) <= _LONGEST_PATTERN_INPUT and known.pattern.fullmatch(text) is not None
    return CHECKS[known.check](value)


def recognise(value: object, taxonomy: Taxonomy | None = None) -> str | None:
    """Return the type of a value that shows it by itself, whatever its field is called, or None.

    ``email``; ``phone`` in an unmistakable form only (a plus, or grouped as only phone numbers
    are); ``payment_card`` (issuer, length, Luhn); ``bank_account`` (IBAN); and an installation's
    types that have a ``pattern`` and no fields. The whole value must be it: a text that contains
    an address is a text.
    """
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not _SHORTEST <= len(text) <= _LONGEST:
        return None
    taxonomy = taxonomy or default_taxonomy()
    found = _strong(text)
    if found is not None:
        return found if found in taxonomy else None
    for data_type in taxonomy.by_pattern:
        if plausible(data_type, text, taxonomy):
            return data_type
    return None


def classify_value(
    classifier: FieldClassifier,
    name: str,
    value: object,
    siblings: tuple[str, ...] = (),
    context: str = "",
) -> str | None:
    """Return the data type of ``value`` in the field ``name``, or None.

    Evidence in this order: a name whose check the value passes; a value that proves its own type
    (which also outweighs a name whose check accepts any text); a name alone is not enough when
    the value is impossible for it (``email: weekly``, ``name: ""``, ``phone: true``).
    """
    taxonomy = classifier.taxonomy
    named = classifier.classify(name, siblings, context)
    if named is not None and plausible(named, value, taxonomy):
        if taxonomy.types[named].check not in _WEAK_CHECKS:
            return named
        return recognise(value, taxonomy) or named
    return recognise(value, taxonomy) or second_type(named, value, taxonomy)


def second_type(named: str | None, value: object, taxonomy: Taxonomy | None = None) -> str | None:
    """Return what a value is that its field's type cannot be.

    A full name in ``userName``; India's tax number in ``pan`` (Income Tax Department: five letters,
    the fourth of which tells the kind of taxpayer, four digits, a letter), which elsewhere is short
    for the number of a payment card.
    """
    if named == "payment_card" and isinstance(value, str) and _PAN.fullmatch(value.strip()):
        return "tax_id"
    if named != "username" or not isinstance(value, str) or not plausible("name", value, taxonomy):
        return None
    words = value.split()
    return "name" if 2 <= len(words) <= _MOST_NAME_WORDS and words[0][0].isalpha() else None


def _strong(text: str) -> str | None:
    if "@" in text:
        lowered = text.lower()
        local, _, domain = lowered.partition("@")
        if local in MACHINES or domain == "localhost" or _FILE_ENDS.search(domain):
            return None
        return "email" if email(text) else None
    first = text[0]
    if (first in "+(" or first.isdecimal()) and unmistakable_phone(text):
        return "phone"
    if first.isdecimal() and is_card(text):
        return "payment_card"
    if first.isalpha() and text[2:4].isdecimal() and is_iban(text):
        return "bank_account"
    return None
