"""Keys of payloads as they may be written down."""

from __future__ import annotations

import re

HIDDEN_KEY = "{key}"
"""Stands for a key that may be a person's."""
_PLAIN_KEY = re.compile(r"[$@]?[A-Za-z_][A-Za-z0-9_\-\[\]]{0,39}\Z")
_MANY_DIGITS = re.compile(r"\d{4}")


def shown_key(key: str) -> str:
    """Return a payload key as it may be written down: ``{key}`` when it could be personal."""
    plain = _PLAIN_KEY.match(key) and not _MANY_DIGITS.search(key)
    return key if plain else HIDDEN_KEY
