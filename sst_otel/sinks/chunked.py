"""Taking the framing off a chunked HTTP body as it passes (RFC 9112, section 7.1)."""

from __future__ import annotations

_LONGEST_LINE = 4_096


class Dechunker:
    """Gives the data of a chunked body, however its bytes are cut; bytes that are none as is."""

    __slots__ = ("_left", "_line", "_plain", "ended")

    def __init__(self) -> None:
        self._line = b""  # a chunk's size line, as far as it has come
        self._left = 0  # of the chunk's data and the line break behind it
        self._plain = False
        self.ended = False
        """Whether the last chunk has come; trailers may still follow."""

    def feed(self, piece: bytes) -> bytes:
        """Return what ``piece`` holds of the body's data."""
        if self._plain or self.ended:
            return piece
        found = []
        at = 0
        while at < len(piece):
            if self._left:
                cut = min(self._left, len(piece) - at)
                # the line break is the last two of what is left
                found.append(piece[at : at + max(0, min(cut, self._left - 2))])
                self._left -= cut
                at += cut
                continue
            line, broken, _ = piece[at:].partition(b"\n")
            at += len(line) + len(broken)
            self._line += line
            if broken:
                size = _size(self._line)
                if size is None:
                    return self._give_up(found, piece[at:])
                self._line = b""
                self.ended = size == 0
                if self.ended:
                    break
                self._left = size + 2
            elif len(self._line) > _LONGEST_LINE:
                return self._give_up(found, b"")
        return b"".join(found)

    def _give_up(self, found: list[bytes], rest: bytes) -> bytes:
        self._plain = True
        return b"".join((*found, self._line, b"\n", rest))


def _size(line: bytes) -> int | None:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 15 or digits.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)
