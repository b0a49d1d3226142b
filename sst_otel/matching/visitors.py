"""A visitor of whom a call tells an address alone that the row of one account has.

Forms that ask who somebody is before they sign in (a forgotten password, a code by SMS) are sent to
what was typed: it is the account's address, whoever typed it. A visitor who has said more than
that stays one person under a pseudonym; nobody has proved yet that they are the account's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sst_otel.matching.hits import Hit
from sst_otel.registry.datum import Datum
from sst_otel.registry.registry import Registry
from sst_otel.registry.typed import held_by_one
from sst_otel.tags import Owner


def to_accounts(hits: Sequence[Hit], registry: Registry) -> list[Hit]:
    """Return ``hits`` with such a visitor's as those of the account."""
    visitors: dict[Owner, list[Hit]] = {}
    for hit in hits:
        if hit.datum.owner.ref and not hit.datum.owner.known:
            visitors.setdefault(hit.datum.owner, []).append(hit)
    accounts: dict[Datum, Datum] = {}
    for theirs in visitors.values():
        held = {hit.datum: held_by_one(hit.datum, registry) for hit in theirs}
        if len({None if datum is None else datum.owner for datum in held.values()}) == 1:
            accounts.update({mine: datum for mine, datum in held.items() if datum is not None})
    return [
        replace(hit, datum=accounts[hit.datum]) if hit.datum in accounts else hit for hit in hits
    ]
