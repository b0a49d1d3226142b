"""Bodies sent in signed or sized chunks: ``aws-chunked``, and HTTP's own framing."""

from __future__ import annotations

import re

_HEAD = re.compile(rb"([0-9a-fA-F]{1,8})(;[\w-]+=[^\r\n]*)?\r\n")
MAX_CHUNKS = 100_000


def unchunked(body: bytes) -> bytes:
    """Return what the chunks carry together; the body itself where it is not made of chunks.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html. What a trailer says after
    the last chunk is left out; of a body that was cut off the last chunk counts as far as it goes.
    """
    pieces: list[bytes] = []
    at = 0
    for _ in range(MAX_CHUNKS):
        head = _HEAD.match(body, at)
        if head is None:
            break
        size = int(head.group(1), 16)
        start = head.end()
        end = start + size
        if size == 0:
            return b"".join(pieces) if pieces else body
        pieces.append(body[start:end])
        if end >= len(body):
            return b"".join(pieces) if head.group(2) or len(pieces) > 1 else body
        if body[end : end + 2] != b"\r\n":
            break
        at = end + 2
    return body
