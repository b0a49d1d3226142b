"""Fields of a ``multipart/form-data`` body, told by its first line."""

from __future__ import annotations

import re
from urllib.parse import unquote

_NAME = re.compile(rb'(?<![\w*])name="([^"]*)"', re.IGNORECASE)
_FILE_NAME = re.compile(rb'\bfilename="((?:\\.|[^"\\])*)"', re.IGNORECASE)
_CODED_FILE_NAME = re.compile(rb"\bfilename\*=([\w-]*)'[\w-]*'([^\s;]+)", re.IGNORECASE)
MAX_FIELDS = 2_000


def multipart_fields(body: bytes) -> list[tuple[str, bytes, str]] | None:
    """Return ``(name, content, file name)`` of each part, or None for any other body.

    A part that is no file has an empty file name.
    """
    if body[:2] != b"--":
        return None
    end = body.find(b"\r\n")
    if not 2 < end <= 200:
        return None
    boundary = body[:end]
    if b"content-disposition" not in body[:2_000].lower():
        return None
    fields = []
    for section in body.split(boundary)[1 : MAX_FIELDS + 1]:
        head, found, content = section.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if found and name:
            label = name.group(1).decode("utf-8", "replace")
            fields.append((label, content.removesuffix(b"\r\n"), _file_name(head)))
    return fields


def _file_name(head: bytes) -> str:
    """Return the file name in a part's head: quoted, percent-encoded, or as RFC 2231 has it."""
    coded = _CODED_FILE_NAME.search(head)
    if coded is not None:
        encoding = coded.group(1).decode("ascii", "replace") or "utf-8"
        try:
            return unquote(coded.group(2).decode("ascii", "replace"), encoding, "replace")
        except LookupError:
            return unquote(coded.group(2).decode("ascii", "replace"))
    plain = _FILE_NAME.search(head)
    return unquote(plain.group(1).decode("utf-8", "replace")) if plain is not None else ""
