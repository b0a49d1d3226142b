"""MessagePack without its library: the objects of one document, or of several in a row.

https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

import struct
from typing import Any

MAX_DEPTH = 60
MAX_NODES = 200_000
FIRST = frozenset((*range(0x80, 0xA0), *range(0xDC, 0xE0)))
"""How an array or a map begins."""
_NUMBERS = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">Q",
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
_SIZES = {0: 1, 1: 2, 2: 4}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


class _NotThis(Exception):
    """Not MessagePack."""


def msgpack_tree(body: bytes, cut: bool = False) -> Any:
    """Return the object that a body is, a list where it is several; None for any other body.

    ``cut``: the body's end is missing, which is then no reason against it.
    """
    if not body or body[0] not in FIRST:
        return None
    reader = _Reader(body)
    found: list[Any] = []
    try:
        while reader.at < len(body):
            if body[reader.at] not in FIRST:
                return None
            reader.value(found, 0)
    except (_NotThis, UnicodeDecodeError):
        return None
    except (IndexError, struct.error):
        if not cut:
            return None
    return found[0] if len(found) == 1 else found


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._left = MAX_NODES
        self.at = 0

    def value(self, into: list[Any], depth: int) -> None:
        """Read the next value and append it; containers before what they hold."""
        code = self._body[self.at]
        self.at += 1
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise _NotThis
        if code < 0x80 or code >= 0xE0:
            into.append(code if code < 0x80 else code - 0x100)
        elif code < 0x90 or code in (0xDE, 0xDF):
            self._map(code & 0x0F if code < 0x90 else self._size(code - 0xDD), into, depth)
        elif code < 0xA0 or code in (0xDC, 0xDD):
            self._array(code & 0x0F if code < 0xA0 else self._size(code - 0xDB), into, depth)
        elif code < 0xC0 or 0xD9 <= code <= 0xDB:
            size = code & 0x1F if code < 0xC0 else self._size(code - 0xD9)
            into.append(self._bytes(size).decode("utf-8"))
        elif code in _CONSTANTS:
            into.append(_CONSTANTS[code])
        elif code in _NUMBERS:
            form = _NUMBERS[code]
            into.append(struct.unpack(form, self._bytes(struct.calcsize(form)))[0])
        elif 0xC4 <= code <= 0xC6:
            into.append(self._bytes(self._size(code - 0xC4)))
        elif 0xC7 <= code <= 0xC9:
            self._bytes(self._size(code - 0xC7) + 1)
            into.append(None)
        elif 0xD4 <= code <= 0xD8:
            self._bytes((1 << (code - 0xD4)) + 1)
            into.append(None)
        else:
            raise _NotThis

    def _map(self, size: int, into: list[Any], depth: int) -> None:
        made: dict[str, Any] = {}
        into.append(made)
        for _ in range(size):
            key: list[Any] = []
            self.value(key, depth + 1)
            name = key[0].decode("utf-8", "replace") if type(key[0]) is bytes else str(key[0])
            value: list[Any] = []
            try:
                self.value(value, depth + 1)
            finally:
                if value:
                    made[name] = value[0]

    def _array(self, size: int, into: list[Any], depth: int) -> None:
        made: list[Any] = []
        into.append(made)
        for _ in range(size):
            self.value(made, depth + 1)

    def _size(self, which: int) -> int:
        return int.from_bytes(self._bytes(_SIZES[which]), "big")

    def _bytes(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self._body):
            raise IndexError
        found = self._body[self.at : end]
        self.at = end
        return found
