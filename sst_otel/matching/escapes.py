"""Escapes of letters: percent signs as in URLs, backslashes as in JSON and Python.

Percent escapes are undone piece by piece: the standard library makes an object of each of them, and
three megabytes of nothing but escapes would take more than two hundred.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, unquote_plus, unquote_to_bytes

AT_ONCE = 50_000
"""Characters whose escapes are undone together."""
_ESCAPE = 3
BACKSLASHED = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})"
    r"|x((?:[cCdD][0-9a-fA-F]|[eE][0-9a-fA-F]\\x[89abAB][0-9a-fA-F]"
    r"|[fF][0-7](?:\\x[89abAB][0-9a-fA-F]){2})\\x[89abAB][0-9a-fA-F]|[0-9a-fA-F]{2})"
    r'|(["\\/bfnrt]))'
)
"""One letter: of JSON, of Python's texts, of Python's bytes in UTF-8 (RFC 3629).

Django's log writes addresses in Python's escapes, and exceptions quote bytes.
"""
_SIMPLE = {"n": "\n", "t": "\t", "b": " ", "f": " ", "r": " "}


def unbackslashed(match: re.Match[str]) -> str:
    """Return the letter that a match of :data:`BACKSLASHED` stands for."""
    short, long, raw, simple = match.groups()
    if raw is None:
        return _SIMPLE.get(simple, simple) if simple else chr(int(short or long, 16))
    data = bytes.fromhex(raw.replace("\\x", ""))
    return data.decode("latin-1" if len(data) == 1 else "utf-8", "replace")


def unescaped(text: str, plus: bool = False) -> str:
    """Return ``text`` without escapes; ``plus``: a ``+`` is a blank, as in forms.

    What is no UTF-8 is replaced.
    """
    if len(text) <= AT_ONCE:
        return unquote_plus(text) if plus else unquote(text)
    if plus:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    raw = text.encode("utf-8", "replace")
    pieces, start = [], 0
    while start < len(raw):
        end = start + AT_ONCE
        begun = raw.rfind(b"%", max(start + 1, end - _ESCAPE + 1), end)
        end = begun if begun > 0 else end
        pieces.append(unquote_to_bytes(raw[start:end]))
        start = end
    return b"".join(pieces).decode("utf-8", "replace")


def form_pairs(text: str) -> list[tuple[str, str]]:
    """Return the fields of a form or a query that are not empty."""
    if len(text) <= AT_ONCE:
        return parse_qsl(text, errors="replace")
    fields = [field.partition("=") for field in text.split("&")]
    return [(unescaped(name, True), unescaped(value, True)) for name, _, value in fields if value]
