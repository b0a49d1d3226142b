"""Fields of documents: the leaves with their paths, and paths as they may be stored."""

from __future__ import annotations

import re
from typing import Any

from sst_otel.datatypes.rarity import is_common, is_first_name
from sst_otel.guard import say_once
from sst_otel.missed import DEPTH, missed

MAX_FIELDS = 2_000
"""Fields of one form or document that are looked at."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\d_a-zA-Z]+|\d+")
_MAX_DEPTH = 40
_VALUE = "value"
_KIND_KEYS = ("type", "kind", "system", "channel", "medium")
_CONTACTS = frozenset({"email", "e-mail", "mail", "phone", "telephone", "tel", "mobile", "cell"})


def scalars(tree: Any) -> list[tuple[str, Any]]:
    """Return ``(path, value)`` of the leaves of exact dictionaries and lists, in their order.

    The keys of a path are joined by dots. Ends where more than :data:`MAX_FIELDS` are found. The
    value of a way to reach somebody is called what that is: ``{"type": "email", "value": …}``, as
    address books, FHIR's ``telecom`` and SCIM have it, is a field ``email``.
    """
    found: list[tuple[str, Any]] = []
    _collect_scalars(tree, "", 0, found)
    return found


def _collect_scalars(tree: Any, path: str, depth: int, found: list[tuple[str, Any]]) -> None:
    if depth > _MAX_DEPTH:
        missed(DEPTH)
        say_once(
            "tagging.depth",
            f"of a document nested more than {_MAX_DEPTH} levels deep the inner levels are not "
            "looked at as input",
        )
        return
    named = type(tree) is dict
    if not named and type(tree) is not list:
        found.append((path, tree))
        return
    contact = _contact_kind(tree) if named and _VALUE in tree else None
    for name, value in tree.items() if named else ((path, value) for value in tree):
        called = contact if contact is not None and name == _VALUE else name
        inner = f"{path}.{called}" if named and path else called
        if type(value) is dict or type(value) is list:
            _collect_scalars(value, inner, depth + 1, found)
        else:
            found.append((inner, value))
        if len(found) > MAX_FIELDS:
            return


def _contact_kind(tree: dict[str, Any]) -> str | None:
    """Return by which way somebody is reached at an object's ``value``; None for other objects."""
    for key in _KIND_KEYS:
        kind = tree.get(key)
        if type(kind) is str and kind.lower() in _CONTACTS:
            return kind.lower()
    return None


def shown(name: str) -> str:
    """Return a field's name or path as it may be stored.

    The last piece has told the type, so it is a field's name. The pieces before it may be people:
    ``{"Zephyrine": {"phone": …}}``; they are shown where all their words are ordinary ones.
    """
    *outer, last = name.split(".")
    if len(last) > 80 or "@" in last or sum(char.isdigit() for char in last) >= 5:
        last = "{field}"
    pieces = [piece if _is_ordinary(piece) else "{key}" for piece in outer]
    return ".".join([*pieces, last])


def _is_ordinary(piece: str) -> bool:
    words = _WORD.findall(piece)
    return bool(words) and all(
        is_common(word.lower()) and not is_first_name(word.lower()) for word in words
    )
