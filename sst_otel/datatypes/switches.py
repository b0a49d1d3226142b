"""Texts that say nothing about anybody."""

from __future__ import annotations

_SWITCHES = "true false yes no on off null none nil undefined unknown n/a nan - -- ? default"
_NOTHING = frozenset(_SWITCHES.split())


def says_nothing(text: str) -> bool:
    """Return whether a text is only a switch or a placeholder (``yes``, ``null``, ``n/a``)."""
    return text.strip().casefold() in _NOTHING
