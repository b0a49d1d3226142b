"""Undoing what stands between a value and the bytes: escapes, encodings, compression.

Each layer sits behind a test of one byte or the length, so a payload without it pays next to
nothing (facts: performance, section 1.4). Nothing here raises on malformed input.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

MAX_INFLATED = 8_000_000
"""Bytes a compressed body may grow to before we stop looking (a bomb is not the user's data)."""

_JSON_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": " ", "f": " ", "n": "\n", "r": " ", "t": " "}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"[0-9a-f]+")
_MAX_BASE64_TOKENS = 1_000


def inflate(body: bytes) -> bytes:
    """Return the content of a gzip or zlib body, told by its magic bytes; else the body itself."""
    if body[:2] == b"\x1f\x8b":
        window = 31
    elif body[:1] == b"\x78" and len(body) > 2 and (body[0] * 256 + body[1]) % 31 == 0:
        window = 15
    else:
        return body
    try:
        return zlib.decompressobj(window).decompress(body, MAX_INFLATED)
    except zlib.error:
        return body


def text_of(body: bytes) -> str:
    """Decode bytes for looking at them: UTF-8, UTF-16 by its mark, else Latin-1."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def plain_forms(text: str) -> Iterator[tuple[str, bool]]:
    """Yield ``(text, encoded)`` for the text itself and each decoding of it.

    ``encoded`` is true for decodings that hide the value from a reader (base64, hex), false for
    escapes that merely spell it differently.
    """
    yield text, False
    spelled = text
    if "%" in spelled:
        spelled = unquote(spelled)
        if "%" in spelled:
            spelled = unquote_plus(spelled)
    if "\\" in spelled:
        spelled = _JSON_ESCAPE.sub(_unescape, spelled)
    if "&" in spelled and ";" in spelled:
        spelled = html.unescape(spelled)
    if spelled != text:
        yield spelled, False
    if len(spelled) >= 16:
        for hidden in _hidden_texts(spelled):
            yield hidden, True


def _unescape(match: re.Match[str]) -> str:
    code, simple = match.groups()
    return chr(int(code, 16)) if code else _SIMPLE[simple]


def _hidden_texts(text: str) -> Iterator[str]:
    for count, match in enumerate(_BASE64.finditer(text)):
        if count >= _MAX_BASE64_TOKENS:
            return
        token = match.group()
        if token.islower() and not _HEX.fullmatch(token):
            continue  # a path or a long word: base64 of any text has capitals
        for raw in (_from_hex(token), _from_base64(token)):
            readable = _readable(raw)
            if readable:
                yield readable


def _from_base64(token: str) -> bytes:
    core = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(core + "=" * (-len(core) % 4))
    except (binascii.Error, ValueError):
        return b""


def _from_hex(token: str) -> bytes:
    try:
        return bytes.fromhex(token)
    except ValueError:
        return b""


def _readable(raw: bytes) -> str:
    """Return decoded bytes as text if they are text: words, not the noise of a wrong guess."""
    if len(raw) < 6:
        return ""
    try:
        text = inflate(raw).decode("utf-8")
    except UnicodeDecodeError:
        return ""
    printable = sum(char.isprintable() or char in "\r\n\t" for char in text)
    return text if printable == len(text) else ""
