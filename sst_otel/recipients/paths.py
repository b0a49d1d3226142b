"""Paths as a person reads them, without any of their values.

A known endpoint is shown by its template. Of any other path only words of a fixed vocabulary,
version numbers and what the program's own source writes in a path are shown, and everything else
becomes ``{id}``: a name, a phone number, a digest and an e-mail in a path cannot be told apart
reliably, so what is not known to be harmless is not shown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from sst_otel.datatypes.rarity import is_first_name
from sst_otel.literals import is_path_segment
from sst_otel.recipients.loading import load_yaml

MASK = "{id}"
_DEEPEST = 10
_VERSION = re.compile(r"v\d{1,3}(\.\d{1,2})?((alpha|beta|rc)\d{0,2})?|r[3-5]", re.IGNORECASE)
"""``v2``, ``v1.1beta3``, HL7's ``r4``."""
_FIRST_VERSION = re.compile(r"\d\.\d")
"""Mailchimp's ``3.0``; further on it could be a measure."""
_PIECES = re.compile(r"([-_.:~]+)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FILE = Path(__file__).with_name("path_words.yaml")


def masked(path: str) -> str:
    """Return ``path`` with every part that could be a value as ``{id}``; query and fragment go."""
    return "".join("/" + segment for segment in _segments(path, ""))


class Template:
    """A path with ``{name}`` for a value and ``*`` for a part of a segment, matched as a prefix.

    ``/v*/{pixel}/events`` matches ``/v21.0/123/events`` and what lies below it.
    """

    __slots__ = ("_segments", "literals", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._segments = [
            (segment, _pattern(segment))
            for segment in text.removesuffix("/*").strip("/").split("/")
            if segment
        ]
        self.literals = len(re.sub(r"\{[^}]*\}|\*", "", text))
        """How specific the template is."""

    def render(self, path: str) -> str | None:
        """Return what to show for ``path``; None where the template does not match."""
        segments = _split(path)
        known = self._segments
        if len(segments) < len(known):
            return None
        shown = []
        for (text, pattern), segment in zip(known, segments, strict=False):
            if not pattern.fullmatch(segment):
                return None
            shown.append(_shown(segment, "") if "*" in text else text)
        rest = segments[len(known) :]
        before = segments[len(known) - 1] if known else ""
        shown += _segments("/".join(rest), before)
        return "".join("/" + segment for segment in shown)


def _pattern(segment: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]*\}|\*)", segment)
    return re.compile(
        "".join(
            "[^/]*" if part == "*" else "[^/]+?" if part[:1] == "{" else re.escape(part)
            for part in parts
        )
    )


def _split(path: str) -> list[str]:
    path = re.split("[?#]", path, maxsplit=1)[0]
    return [segment for segment in path.split("/") if segment]


def _segments(path: str, before: str) -> list[str]:
    segments = _split(path)
    shown = []
    for segment in segments[:_DEEPEST]:
        shown.append(_shown(segment, before))
        before = segment
    return [*shown, "…"] if len(segments) > _DEEPEST else shown


def _shown(segment: str, before: str) -> str:
    """Return a segment, or the parts of it between separators, as far as they are known words."""
    text = unquote(segment)
    if _VERSION.fullmatch(text) or (not before and _FIRST_VERSION.fullmatch(text)):
        return text
    words = _vocabulary()
    if before.lower() in words.people and text.lower() not in words.operations:
        return MASK
    verb = text.rpartition(":")
    if verb[1] and _known(verb[2]):  # Google's custom methods: `things/123:export`
        return (verb[0] if _known(verb[0]) else MASK) + ":" + verb[2]
    if _known(text) or (is_path_segment(text) and not _may_be_a_name(text)):
        return text
    return MASK


def _may_be_a_name(text: str) -> bool:
    return any(is_first_name(word.lower()) for word in _PIECES.split(text)[::2])


def _known(text: str) -> bool:
    """Tell whether every piece of ``text`` is in the vocabulary: ``chat.postMessage``."""
    if not text.isascii() or len(text) > 40:
        return False
    pieces = [piece for part in _PIECES.split(text)[::2] for piece in _CAMEL.split(part)]
    words = _vocabulary().words
    return all(piece.lower() in words or bool(_VERSION.fullmatch(piece)) for piece in pieces)


class _Vocabulary(NamedTuple):
    words: frozenset[str]
    people: frozenset[str]
    operations: frozenset[str]


@lru_cache(maxsize=1)
def _vocabulary() -> _Vocabulary:
    lists = load_yaml(_FILE)
    return _Vocabulary(
        words=frozenset(word for line in lists["words"] for word in line),
        people=frozenset(lists["people"]),
        operations=frozenset(lists["operations"]),
    )
