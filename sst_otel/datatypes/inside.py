"""What a text that somebody has said holds and shows by itself: an address, a number of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sst_otel.datatypes.roles import ROLES
from sst_otel.datatypes.taxonomy import Taxonomy
from sst_otel.datatypes.values import recognise

LONGEST = 20_000
"""Characters of a text that are looked at."""
MOST = 20
"""Values that are taken from one text."""
_SHOWN = re.compile(
    r"""
      (?<![\w.+\-@/])[\w.+\-]{1,64}@(?:[^\W_][\w\-]*\.)+[^\W\d_]{2,}  # an e-mail address
    | (?<![\w+])\+[1-9][\d ().\-/]{6,20}\d(?!\w)                      # a phone number abroad
    | (?<!\w)[A-Z]{2}\d\d(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?!\w)  # an IBAN
    | (?<![\w+.,\-])\d(?:[ \-]?\d){12,18}(?![\w\-])                   # a payment card
    """,
    re.VERBOSE,
)
_BETWEEN = re.compile(r"[\n,;]")
_LISTED = re.compile(r"[^@<>]{0,60}<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+")


def lists_addresses(text: object) -> bool:
    """Whether a text is several e-mail addresses, with or without names, or one with a name."""
    if type(text) is not str or "@" not in text or len(text) > LONGEST:
        return False
    pieces = [piece.strip() for piece in _BETWEEN.split(text) if piece.strip()]
    several = len(pieces) > 1 or "<" in text
    return several and text.count("@") == len(pieces) and all(map(_LISTED.fullmatch, pieces))


def shown_inside(text: str, taxonomy: Taxonomy | None = None) -> Iterator[tuple[str, str]]:
    """Yield type and value of what proves its own type within ``text``, at most ``MOST`` times.

    E-mail addresses but those of roles (``info@…``), phone numbers with a plus, IBANs and payment
    cards with right check digits; each value once.
    """
    if "@" not in text and not any(map(str.isdigit, text[:LONGEST])):
        return
    seen: set[str] = set()
    for match in _SHOWN.finditer(text[:LONGEST]):
        value = match[0]
        data_type = recognise(value, taxonomy)
        if data_type is None or value in seen or value.partition("@")[0].lower() in ROLES:
            continue
        seen.add(value)
        yield data_type, value
        if len(seen) == MOST:
            return
