"""Fields of a ``multipart/form-data`` body, told by its first line."""

from __future__ import annotations

import re

_NAME = re.compile(rb'\bname="([^"]*)"', re.IGNORECASE)
MAX_FIELDS = 2_000


def multipart_fields(body: bytes) -> list[tuple[str, bytes]] | None:
    """Return ``(name, content)`` of each part, or None when the body is no multipart body."""
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
            fields.append((label, content.removesuffix(b"\r\n")))
    return fields
