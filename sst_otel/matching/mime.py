"""Mail messages as they are sent: headers in words, parts decoded (RFC 5322, 2045 to 2047)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

from sst_otel.matching.decode import text_of

MAX_PARTS = 500
_MAX_DEPTH = 60
_FIRST = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,40}:[ \t]")
_TELLING = re.compile(rb"\n(?:mime-version|content-type|content-transfer-encoding):[ \t]", re.I)
_HEAD = 16_000
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_OF_THE_MESSAGE = frozenset({"date", "message-id", "mime-version", "received"})
"""Headers that say nothing of what is told; those of the content beside them."""


@dataclass(frozen=True, slots=True)
class MailPart:
    """A header, or one decoded part of the body."""

    name: str
    """``To``, ``plain``, ``html``."""
    content: str | bytes
    """Bytes where the part is no text."""
    is_header: bool = False
    file_name: str = ""


def is_mail(body: bytes) -> bool:
    """Whether bytes begin like a mail message with an encoded body."""
    return _FIRST.match(body) is not None and _TELLING.search(b"\n" + body[:_HEAD]) is not None


def mail_parts(body: bytes) -> list[MailPart] | None:
    """Return headers and parts of a mail message; None for any other body, and for too many."""
    if not is_mail(body) or body.lower().count(b"multipart/") > _MAX_DEPTH:
        return None
    try:
        message = message_from_bytes(body)
        found = [MailPart(name, text, True) for name, text in _headers(message)]
        for part in message.walk():
            if not part.is_multipart():
                found.append(_part(part))
            if len(found) > MAX_PARTS:
                return None
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, MessageError):
        return None
    return found


def _headers(message: Message) -> list[tuple[str, str]]:
    told = []
    for name, value in message.items()[:MAX_PARTS]:
        lowered = name.lower()
        if lowered not in _OF_THE_MESSAGE and not lowered.startswith("content-"):
            told.append((name, header_text(str(value))))
    return told


def header_text(text: str) -> str:
    """Return what a header says: unfolded, encoded words decoded."""
    text = _FOLD.sub("", text)
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError, MessageError):
        return text


def part_text(content: bytes, part: Message) -> str:
    """Return the text of a part, in the character set it says, or else as it can be read."""
    charset = part.get_content_charset()
    if charset is None or charset == "us-ascii":
        return text_of(content)
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return text_of(content)


def _part(part: Message) -> MailPart:
    content = part.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else b""
    file_name = header_text(part.get_filename("") or "")
    name = part.get_content_subtype()
    if part.get_content_maintype() != "text":
        return MailPart(name, raw, file_name=file_name)
    return MailPart(name, part_text(raw, part), file_name=file_name)
