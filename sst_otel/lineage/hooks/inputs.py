"""Which personal data stand in what a function was given."""

from __future__ import annotations

from typing import Any

from sst_otel.matching.content import find_plain
from sst_otel.matching.texts import Texts
from sst_otel.registry.datum import FOLLOWED, Datum
from sst_otel.registry.identity import IDS
from sst_otel.registry.registry import Registry

LONGEST = 1_000
"""Bytes or letters of an input that is looked at: a value and its salt, not a document."""
SHORTEST = 4

Sources = tuple[Datum, ...]
"""One value: of one person, or of several who have it in common."""


def data_in(value: Any, registry: Registry) -> list[Sources]:
    """Return the data in ``value``: exactly a ``str``, ``bytes`` or ``bytearray``.

    By the object's mark where it has one; else rare values that stand there for everybody to read,
    alone or beside a salt. What would have to be decoded first is not looked for: applications
    sign and check tokens all the time.
    """
    entry = IDS.get(id(value))
    if entry is not None:
        return [(datum,) for datum in entry.data]  # a mark is only of what is followed
    kind = type(value)
    if len(value) < SHORTEST:
        return []
    text = value if kind is str else bytes(value).decode("utf-8", "replace")
    followed = [
        tuple([datum for datum in data if datum.handling == FOLLOWED])
        for _, data, _, _ in find_plain(registry.indexes(), Texts([text]))
    ]
    return [data for data in followed if data]
