"""What a client says in WebSocket frames, which are masked on the wire (RFC 6455, section 5.3).

Frames come in whatever pieces they are written in. Compressed messages (RFC 7692) are inflated as
one stream, which holds for clients that keep their window and for those that do not.
"""

from __future__ import annotations

import zlib

_CONTROL = 8
_OPCODES = (0, 1, 2, 8, 9, 10)
_LENGTHS = {126: 2, 127: 8}
"""What stands for a length → bytes that hold it instead."""
_TAIL = b"\x00\x00\xff\xff"
"""What RFC 7692, 7.2.1 has cut off the end of a message."""


def is_frame(data: bytes) -> bool:
    """Whether ``data`` is one whole frame of a client, no more and no less."""
    if len(data) < 6 or data[0] & 0x30 or data[0] & 0x0F not in _OPCODES or not data[1] & 0x80:
        return False
    size = data[1] & 0x7F
    more = _LENGTHS.get(size, 0)
    if more:
        size = int.from_bytes(data[2 : 2 + more], "big")
    return len(data) == 2 + more + 4 + size


class Frames:
    """The frames of one connection, from the first after its opening handshake."""

    __slots__ = ("_at", "_compressed", "_fin", "_head", "_inflater", "_left", "_mask", "_opcode")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0  # bytes of the frame's payload still to come
        self._mask = bytes(4)
        self._at = 0  # bytes of it that have come, modulo 4
        self._opcode = 0
        self._fin = True
        self._compressed = False
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)

    def read(self, data: bytes, most: int) -> bytes:
        """Return what the messages in ``data`` say, ``most`` bytes of it.

        Raises ``ValueError`` for what a client does not write, or cannot be read any further.
        """
        said = bytearray()
        at = 0
        while at < len(data) or self._left:
            if not self._left:
                at = self._begin(data, at)
                if self._head:
                    break
            piece = data[at : at + self._left]
            if not piece and self._left:
                break
            at += len(piece)
            self._left -= len(piece)
            plain = self._unmasked(piece)
            if self._opcode < _CONTROL:
                said += self._inflated(plain, most) if self._compressed else plain
        return bytes(said[:most])

    def _begin(self, data: bytes, at: int) -> int:
        """Read a frame's head (RFC 6455, 5.2); where it is not whole, it is kept."""
        before = len(self._head)
        head = self._head + data[at : at + 14 - before]
        if len(head) >= 2 and (head[0] & 0x0F not in _OPCODES or not head[1] & 0x80):
            raise ValueError("not a frame of a client")
        size = head[1] & 0x7F if len(head) >= 2 else 0
        more = _LENGTHS.get(size, 0)
        if len(head) < 2 + more + 4:
            self._head = head
            return len(data)
        self._head = b""
        self._left = int.from_bytes(head[2 : 2 + more], "big") if more else size
        self._mask, self._at = head[2 + more : 6 + more], 0
        opcode = head[0] & 0x0F
        self._opcode, self._fin = opcode, bool(head[0] & 0x80)
        if opcode in (1, 2):
            self._compressed = bool(head[0] & 0x40)
        return at + 6 + more - before

    def _unmasked(self, piece: bytes) -> bytes:
        size = len(piece)
        mask = (self._mask[self._at :] + self._mask * (size // 4 + 1))[:size]
        self._at = (self._at + size) % 4
        plain = int.from_bytes(piece, "big") ^ int.from_bytes(mask, "big")
        return plain.to_bytes(size, "big")

    def _inflated(self, piece: bytes, most: int) -> bytes:
        if self._fin and not self._left:
            piece += _TAIL
        try:
            content = self._inflater.decompress(piece, most)
        except zlib.error:
            raise ValueError("not compressed") from None
        if self._inflater.unconsumed_tail:
            raise ValueError("too much")
        return content
