"""Undoing what stands between a value and the bytes: escapes, encodings, compression.

Each layer sits behind a test of one byte or the length, so a payload without it pays next to
nothing (facts: performance, section 1.4). Nothing here raises on malformed input.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator
from typing import Any

from sst_otel.matching.compression import Budget, inflate
from sst_otel.matching.escapes import BACKSLASHED, unbackslashed, unescaped

JSON_BEGINS = frozenset('{["')
_AT = re.compile(r"(?<=\w) ?(?:\( ?at ?\)|\[ ?at ?\]) ?(?=\w)", re.IGNORECASE)
_DOT = re.compile(r"(?<=\w) ?(?:\( ?dot ?\)|\[ ?dot ?\]) ?(?=\w)", re.IGNORECASE)
_AT_BEGINS = frozenset(" aA")
_HEX = re.compile(r"[0-9a-f]+")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_BLANKS = re.compile(r"[\r\n\t]+")
_PRINTABLE = re.compile(rb"[\x20-\x7e]{8,}")
_MAX_NESTED = 3
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = bytes((*range(9), *range(14, 27), *range(28, 30), 31, 127))
"""Not those that texts have: of blanks, the escape of a terminal, the mark of a record."""
_RUN = re.compile(r"[^\n]{4,}|[^\x00-\x7f]{2,}")
_COUNTED = re.compile(rb"([\x04\x08\x0b\x0c\x0e-\x1a\x1c\x1d\x1f])([\x20-\x7e\x80-\xff]{8,})")
_BREAKS = bytes.maketrans(_CONTROLS, b"\n" * len(_CONTROLS))
_LONGEST_SHIFTED = 65_536
"""Characters of a code that is also read from its second, third and fourth letter on."""


def text_of(body: bytes | str) -> str:
    """Decode bytes for looking at them; of what is no text, the texts in it line by line."""
    if isinstance(body, str):
        return body
    if is_binary(body):
        text = body.translate(_BREAKS).decode("utf-8", "replace").replace("\ufffd", "\n")
        runs: list[str] = _RUN.findall(text)
        prefixed = (piece for run in runs for piece in _prefixed(run))
        return "\n".join([*runs, *prefixed, *_counted(body)])
    return plain_text(body)


def _prefixed(run: str) -> list[str]:
    """Return the texts of a run that is texts with their lengths before them, and nothing else.

    A length may look like a letter: of 48 characters ``0`` tells, and in Avro, which doubles it,
    of 24.
    """
    for times in (2, 1):
        pieces = []
        at = 0
        while at < len(run):
            size, odd = divmod(ord(run[at]), times)
            if odd or not 0 < size < len(run) - at:
                break
            pieces.append(run[at + 1 : at + 1 + size])
            at += 1 + size
        else:
            return pieces
    return []


def _counted(body: bytes) -> Iterator[str]:
    """Yield the texts whose length is the byte before them, and which run on into other letters.

    In BER (LDAP, SNMP) a ``0`` often follows: the tag of what comes next (X.690, 8.9).
    """
    for match in _COUNTED.finditer(body):
        size, run = match[1][0], match[2]
        if 8 <= size < len(run):
            yield run[:size].decode("utf-8", "replace")
        elif run[0] < len(run) - 1:
            yield run[1 : 1 + run[0]].decode("utf-8", "replace")


def plain_text(body: bytes) -> str:
    """Decode bytes that are a text: UTF-8, UTF-16 by its mark, else Latin-1."""
    if body[:2] in _UTF_16:
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def is_binary(body: bytes) -> bool:
    """Whether bytes are no text: control characters stand in them, and no mark of UTF-16 before."""
    first = body[:1]
    if first == b"{" or first == b"[":
        return b"\0" in body  # no other control character is in JSON, and a test less
    return len(body.translate(None, _CONTROLS)) != len(body) and body[:2] not in _UTF_16


def parse_json(text: str) -> Any:
    """Return the document that a text is, None for any other text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_respelled(text: str) -> bool:
    """Whether :func:`respell` could change ``text``: a few tests of a byte."""
    return "%" in text or "\\" in text or ("&" in text and ";" in text) or _says_at(text)


def _says_at(text: str) -> bool:
    """Whether ``(at)`` stands in a text for an ``@``; lists in JSON cost next to nothing."""
    for opening in "([":
        at = text.find(opening)
        while at >= 0:
            if text[at + 1 : at + 2] in _AT_BEGINS:
                return _AT.search(text) is not None
            at = text.find(opening, at + 1)
    return False


def respell(text: str) -> str:
    """Undo what spells a value differently without hiding it: URL, backslash and HTML escapes.

    And ``ann(at)example(dot)com``, for banks that take no other characters, or against robots.
    """
    spelled = text
    if "%" in spelled:
        spelled = unescaped(spelled)
        if "%" in spelled:
            spelled = unescaped(spelled, plus=True)
    for _ in range(_MAX_NESTED):
        if "\\" not in spelled:
            break
        former, spelled = spelled, BACKSLASHED.sub(unbackslashed, spelled)
        if former == spelled:
            break
    if "&" in spelled and ";" in spelled:
        spelled = html.unescape(spelled)
    if _says_at(spelled):
        spelled = _DOT.sub(".", _AT.sub("@", spelled))
    return spelled


def hidden_text(code: str, budget: Budget | None = None) -> str:
    """Return the text behind a run of base64 or hex letters; ``""`` where there is none.

    A text that begins inside the code (behind a prefix, or in a binary record) is found too.
    """
    if code.islower() and not _HEX.fullmatch(code):
        return ""  # a path or a long word: base64 of any text has capitals
    if _UUID.fullmatch(code):
        return ""
    readable = _readable(_from_hex(code), budget) or _readable(_from_base64(code), budget)
    if readable:
        return readable
    pieces = []
    for start in range(4 if len(code) <= _LONGEST_SHIFTED else 1):
        raw = _from_base64(code[start:])
        pieces += _PRINTABLE.findall(raw)
    return b"\n".join(pieces).decode("ascii")


def _from_base64(code: str) -> bytes:
    core = code.replace("-", "+").replace("_", "/")
    if len(core) % 4 == 1:
        core = core[:-1]
    try:
        return base64.b64decode(core + "=" * (-len(core) % 4))
    except (binascii.Error, ValueError):
        return b""


def _from_hex(code: str) -> bytes:
    try:
        return bytes.fromhex(code)
    except ValueError:
        return b""


def _readable(raw: bytes, budget: Budget | None) -> str:
    """Return decoded bytes as text if they are text: words, not the noise of a wrong guess."""
    if len(raw) < 6:
        return ""
    try:
        text = inflate(raw, budget).decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if _BLANKS.sub("", text).isprintable() else ""
