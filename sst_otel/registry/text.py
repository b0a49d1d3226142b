"""How text is folded and cut into tokens, the same for registered values and for payloads.

Case, width, accents and runs of blanks or punctuation do not count. ``. @ _ + -`` stay inside a
token, so an e-mail, an IP address, a date or a UUID is one token: popular words as anchors are what
makes token indexes slow.
"""

from __future__ import annotations

import re
import unicodedata

SEPARATOR = "\x00"
"""A token of its own, that no value holds: texts joined with it never run into one another."""
_KEEP = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.@_+-" + SEPARATOR)
_TABLE: dict[int, str] = {
    **{code: " " for code in range(128) if chr(code) not in _KEEP},
    **{code: " " for code in range(0x80, 0xA0)},
    **{code: " " for code in range(0x2000, 0x2070)},
    **{code: " " for code in range(0x3000, 0x3040)},
    **{code: " " for code in (0xA0, 0xA1, 0xAB, 0xB7, 0xBB, 0xBF)},
}
_BYTES = bytes(ord(_TABLE.get(ord(chr(byte).lower()), chr(byte).lower())) for byte in range(128))
_BYTES += b" " * 128
_BOUNDS = {ord(mark): " " for mark in "@._+-\0"}
_EDGES = tuple(
    # A pattern that begins with a letter jumps from one to the next; a blank would stand anywhere.
    (mark, re.compile(rf"{re.escape(mark)}(?:(?= )|(?<= {re.escape(mark)}))"))
    for mark in ".-_"
)
_BOUNDED = _BYTES.translate(bytes.maketrans(b"@._+-\0", b" " * 6))
_OTHER = re.compile(r"[^\x00-\x7f]+")


def fold(text: str) -> str:
    """Return ``text`` without case, width and accents."""
    if not text.isascii():
        text = _OTHER.sub(_unaccented, text)  # a text has few such letters, most of it is ASCII
    return text.lower()


def _unaccented(match: re.Match[str]) -> str:
    decomposed = unicodedata.normalize("NFKD", match.group().casefold())
    return "".join([char for char in decomposed if not unicodedata.combining(char)])


def tokens(text: str) -> list[str]:
    """Return the folded tokens of ``text``."""
    if text.isascii():
        spaced = text.encode("ascii").translate(_BYTES).decode("ascii")
    else:
        spaced = fold(text).translate(_TABLE)
    for mark, at_edge in _EDGES:
        if mark in spaced:
            spaced = f" {spaced} "
            if at_edge.search(spaced):
                spaced = spaced.replace(f"{mark} ", " ").replace(f" {mark}", " ")
    return spaced.split()


def phrase(text: str) -> str:
    """Return the tokens of ``text`` joined by single blanks."""
    return " ".join(tokens(text))


def bounded(text: str) -> str:
    """Return ``text`` folded, a blank for each character that is no letter or digit, and around it.

    The bounded form of a token of a text stands in the bounded form of the text.
    """
    if text.isascii():
        spaced = bounded_bytes(text.encode("ascii")).decode("ascii")
    else:
        spaced = fold(text).translate(_TABLE).translate(_BOUNDS)
    return f" {spaced} "


def bounded_bytes(text: bytes) -> bytes:
    """Return ASCII :func:`bounded`, as it is at both ends; a blank for each other byte."""
    return text.translate(_BOUNDED)


def has_no_word_boundaries(text: str) -> bool:
    """Whether ``text`` is of a script that writes words without blanks (CJK, kana, Thai)."""
    return not text.isascii() and any(
        0x2E80 <= ord(char) <= 0x9FFF
        or 0xAC00 <= ord(char) <= 0xD7AF
        or 0x0E00 <= ord(char) <= 0x0E7F
        or 0x20000 <= ord(char) <= 0x3FFFF
        for char in text
    )
