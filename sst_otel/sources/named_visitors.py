"""Accounts that no database of ours holds: known by the name that their sessions keep.

Who registers under a name is a visitor until the session calls them by it, in a later request; a
table would tell that the two are one person, a list in memory or a file does not.
"""

from __future__ import annotations

from sst_otel.registry.datum import folded_text
from sst_otel.tagging import Tagger
from sst_otel.tags import NOBODY, Owner

_NAMES = ("username", "email")


def join(tagger: Tagger, owner: Owner) -> None:
    """Join the visitor who took the name that ``owner`` goes by; of two visitors neither."""
    called = owner.id
    if called is None or called.isdecimal():
        return
    name = called.strip().casefold()
    visitors: dict[str, Owner] = {}
    for datum in tagger.registry.holding(called):
        if datum.owner.known or datum.owner == NOBODY or datum.data_type not in _NAMES:
            continue
        if folded_text(datum) == name:
            visitors[datum.owner.ref] = datum.owner
    if len(visitors) == 1:
        tagger.alias(visitors.popitem()[1], owner)
