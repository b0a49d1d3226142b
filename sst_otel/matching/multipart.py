"""Parts of a multipart body: fields of a form, documents beside their files, calls in a batch.

RFC 2046, 5.1 and RFC 7578; also where a body was cut off, where something stands before the first
boundary, and where lines end in a line feed alone. A part's own encodings are undone.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass
from urllib.parse import unquote

from sst_otel.matching.compression import Budget, decoded

MAX_FIELDS = 2_000
_LONGEST_BOUNDARY = 200
_NAME = re.compile(rb'(?<![\w*])name="([^"]*)"', re.IGNORECASE)
_FILE_NAME = re.compile(rb'\bfilename="((?:\\.|[^"\\])*)"', re.IGNORECASE)
_CODED_FILE_NAME = re.compile(rb"\bfilename\*=([\w-]*)'[\w-]*'([^\s;]+)", re.IGNORECASE)
_BOUNDARY = re.compile(r"multipart/[^;]*;.*?\bboundary=\"?([^\";,]{1,100})", re.I | re.S)
_HEADER = re.compile(rb"(?:\A|\n)(content-[\w-]+|mime-version):", re.IGNORECASE)
_ENCODED = re.compile(rb"(?:\A|\n)content-(transfer-)?encoding:[ \t]*([\w-]+)", re.IGNORECASE)
_MESSAGE = re.compile(rb"(?:[A-Z]{3,8} \S+ HTTP/\d|HTTP/\d\S* \d{3})[^\n]*\r?\n")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Field:
    """One part of a multipart body."""

    name: str
    """Empty where it has none, as in a batch."""
    content: bytes
    """Decompressed and decoded as its head says."""
    file_name: str = ""
    """Empty for a part that is no file."""


def multipart_fields(
    body: bytes, content_type: str = "", budget: Budget | None = None
) -> list[Field] | None:
    """Return the parts of a body, None for any other body.

    Told by the boundary that the content type names, or by the body's first line.
    """
    boundary = _boundary(body, content_type)
    if boundary is None:
        return None
    fields = []
    for section in body.split(boundary)[1 : MAX_FIELDS + 1]:
        if section[:2] == b"--":
            break
        section = section.partition(b"\n")[2]
        if section[:2] == b"\r\n" or section[:1] == b"\n":  # a part without any header
            fields.append(Field("", _unended(section.partition(b"\n")[2])))
            continue
        blank = _BLANK_LINE.search(section)
        if blank is not None:
            head, content = section[: blank.start()], _unended(section[blank.end() :])
            name = _NAME.search(head)
            label = name.group(1).decode("utf-8", "replace") if name else ""
            fields.append(Field(label, _content(head, content, budget), _file_name(head)))
    return fields


def _boundary(body: bytes, content_type: str) -> bytes | None:
    """Return what stands before each part."""
    if content_type:
        told = _BOUNDARY.search(content_type)
        if told is not None:
            boundary = b"--" + told.group(1).encode("utf-8", "replace")
            if body.startswith(boundary) or b"\n" + boundary in body:
                return boundary
    if body[:2] != b"--":
        return None
    end = body.find(b"\n", 0, _LONGEST_BOUNDARY)
    boundary = body[:end].rstrip(b"\r ")
    if end < 0 or len(boundary) < 3 or not _HEADER.match(body, end):
        return None
    return boundary


def _unended(content: bytes) -> bytes:
    """Return a part's content without the end of line that belongs to the boundary."""
    return content[:-2] if content[-2:] == b"\r\n" else content.removesuffix(b"\n")


def _content(head: bytes, content: bytes, budget: Budget | None) -> bytes:
    """Return what a part carries: encodings undone, of a call in a batch the body."""
    for match in _ENCODED.finditer(head):
        transfer, coding = match.groups()
        name = coding.decode("ascii").lower()
        content = transferred(content, name) if transfer else decoded(content, name, budget)
    if _MESSAGE.match(content):
        first, _, rest = content.partition(b"\n")
        blank = _BLANK_LINE.search(rest)
        if blank is not None and rest[blank.end() :].strip():
            return rest[blank.end() :]
        return first
    return content


def transferred(content: bytes, coding: str) -> bytes:
    """Undo a ``Content-Transfer-Encoding`` (RFC 2045, 6): base64 or quoted-printable."""
    if coding == "quoted-printable":
        return quopri.decodestring(content)
    if coding == "base64":
        core = b"".join(content.split()).rstrip(b"=")
        try:
            return base64.b64decode(core + b"=" * (-len(core) % 4))
        except binascii.Error:
            return content
    return content


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
