"""The Merkle tree of RFC 6962 section 2.1 over leaf hashes of 32 bytes; inclusion proofs."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256  # taken before it is hooked

EMPTY = sha256(b"").digest()
"""The root over no leaves."""


class Root:
    """The root of leaves that are told one after the other; it keeps one hash a level."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        """Roots of the whole subtrees so far, the largest first: one for each bit of the size."""

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        size = self.size
        while size & 1:
            leaf = _node(self._peaks.pop(), leaf)
            size >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def digest(self) -> bytes:
        """Return the root over the leaves so far."""
        if not self._peaks:
            return EMPTY
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = _node(peak, root)
        return root


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over these leaf hashes."""
    tree = Root()
    for leaf in leaves:
        tree.add(leaf)
    return tree.digest()


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the inclusion proof of a leaf (section 2.1.1), from the leaf upwards."""
    if not 0 <= index < len(leaves):
        raise ValueError("no such leaf")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*path(index, leaves[:split]), root(leaves[split:])]
    return [*path(index - split, leaves[split:]), root(leaves[:split])]


def root_by(path: Sequence[bytes], leaf: bytes, index: int, size: int) -> bytes | None:
    """Return the root that a proof leads to (RFC 9162 section 2.1.3.2); None where it is none.

    ``leaf``: hash of the leaf that is said to be the one at ``index`` of ``size``.
    """
    if not 0 <= index < size:
        return None
    here, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            value = _node(sibling, value)
            while not here & 1 and here:
                here >>= 1
                last >>= 1
        else:
            value = _node(value, sibling)
        here >>= 1
        last >>= 1
    return value if last == 0 else None


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
