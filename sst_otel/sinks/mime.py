"""A mail as the bytes that leave: taken apart into headers, texts and attachments, decoded.

RFC 2045 to 2047 stand between a value and the bytes: quoted-printable, base64, character sets,
encoded words, folded lines. A body that is no mail at all is one text.
"""

from __future__ import annotations

import email
from email.message import Message

from sst_otel.matching.mime import header_text, part_text
from sst_otel.shares import Part

MAX_MAIL = 16_000_000
"""Bytes of one mail that are read: base64 makes three bytes four."""
MAX_MIME_PARTS = 200
_PICTURES = frozenset({"image", "audio", "video"})
_SHOWN = {"text/plain": "body.plain", "text/html": "body.html", "text/calendar": "body.calendar"}


def mail_parts(mail: bytes | str) -> tuple[list[Part], int]:
    """Return the parts of a mail, and how many pieces of it were left unread.

    Texts have the line ends they were written with, not those of the protocol. Pictures and sound
    are known by their file names only.
    """
    unread = int(len(mail) > MAX_MAIL)
    mail = mail[:MAX_MAIL]
    message = (
        email.message_from_string(mail) if isinstance(mail, str) else email.message_from_bytes(mail)
    )
    parts = [_headers(message)]
    for number, piece in enumerate(message.walk()):
        if number >= MAX_MIME_PARTS:
            return parts, unread + 1
        if piece.get_content_maintype() == "message" and piece.is_multipart():
            parts += _forwarded(piece)
        elif not piece.is_multipart():
            parts += _leaf(piece)
    return parts, unread


def _forwarded(piece: Message) -> list[Part]:
    """Return the headers of the mails inside a mail; their bodies are walked like others."""
    inside = piece.get_payload()
    messages = inside if isinstance(inside, list) else []
    return [_headers(message) for message in messages if isinstance(message, Message)]


def _headers(message: Message) -> Part:
    """Return the headers, but not what they say of the body: it is decoded already."""
    told = [(name, text) for name, text in message.items() if name[:8].lower() != "content-"]
    return Part("headers", [(name, header_text(str(text))) for name, text in told])


def _leaf(piece: Message) -> list[Part]:
    name = piece.get_filename()
    where = "attachment" if name else _SHOWN.get(piece.get_content_type(), "body")
    parts = [Part(where, {"filename": header_text(name)})] if name else []
    if piece.get_content_maintype() in _PICTURES:
        return parts
    content = piece.get_payload(decode=True)
    if isinstance(content, bytes) and content:
        if piece.get_content_maintype() == "text":
            content = part_text(content, piece).replace("\r\n", "\n").encode()
        parts.append(Part(where, content))
    return parts
