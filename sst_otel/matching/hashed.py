"""Digests of values that are too common to be looked for by their digests alone.

A gender, a country, an initial hash to a few constants: such a digest counts under a key that names
its type, beside a value that is certainly somebody's, and only for what is known of that person.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Iterator

from sst_otel import semconv
from sst_otel.datatypes import digest_forms, digest_parts
from sst_otel.matching import rules
from sst_otel.matching.leaf import Leaf
from sst_otel.registry.datum import DERIVED, STRONG_BITS, Datum, strength
from sst_otel.registry.index import DIGESTS
from sst_otel.registry.registry import Registry
from sst_otel.tags import Owner

_BY_SIZE = {digits // 2: algorithm for digits, algorithm in DIGESTS.items()}
_HEX = {2 * size: size for size in _BY_SIZE}
_BASE64 = {22: 16, 24: 16, 27: 20, 28: 20, 43: 32, 44: 32, 86: 64, 88: 64}
_IS_HEX = re.compile(r"[0-9a-fA-F]+")
_IS_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_TOLD_BY = {"name": ("first_name", "last_name")}
"""Types of which vendors take the pieces under names of their own."""

_SHORTEST_AROUND = 3

Found = tuple[Leaf, list[Datum], str, str]
"""The leaf, the data, the evidence, and the rule that found them."""


def digest_in(text: str) -> bytes | None:
    """Return the digest that ``text`` is, of those we know: hex of any case, or base64."""
    size = len(text)
    if size in _HEX and _IS_HEX.fullmatch(text):
        return bytes.fromhex(text)
    if size in _BASE64 and _IS_BASE64.fullmatch(text):
        code = text.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            raw = base64.b64decode(code + "=" * (-len(code) % 4))
        except ValueError:
            return None
        return raw if len(raw) == _BASE64[size] else None
    return None


def find_hashed(
    leaf: Leaf,
    digest: bytes,
    near: Collection[Owner],
    around: Collection[Owner],
    registry: Registry,
    names_type: Callable[[str, str], bool],
) -> Iterator[Found]:
    """Yield what of those who are certainly meant ``digest`` is the digest of.

    ``near``: named in the object that ``leaf`` is in, or around it. ``around``: named in an object
    beside, where nobody is near: it may be the next row of a batch, somebody else's, so that what
    half the world has in common (a gender, a country, an initial, a year) does not count there.
    """
    algorithm = _BY_SIZE[len(digest)]
    for owner in near or around:
        whole: list[Datum] = []
        pieces: list[Datum] = []
        for datum in registry.of_owner(owner.ref):
            kind = datum.data_type
            forms: tuple[str, ...] = ()
            found = whole
            if kind == DERIVED:
                continue
            if names_type(leaf.key, kind):
                if strength(datum) < STRONG_BITS:
                    forms = digest_forms(kind, datum.value)
                if near:
                    forms += digest_parts(kind, datum.value)
            elif any(names_type(leaf.key, told) for told in _TOLD_BY.get(kind, ())):
                forms, found = digest_parts(kind, datum.value), pieces
            for form in forms:
                if not near and len(form) < _SHORTEST_AROUND:
                    continue
                data = form.encode("utf-8", "replace")
                if algorithm(data, usedforsecurity=False).digest() == digest:
                    found.append(datum)
                    break
        for datum in whole or pieces:
            yield leaf, [datum], semconv.HASHED, rules.KEY_DIGEST
