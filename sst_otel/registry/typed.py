"""Values that somebody has typed who is not the one they belong to: staff, about a customer."""

from __future__ import annotations

from collections.abc import Iterable

from sst_otel.registry.datum import ROWS, Datum, folded_text
from sst_otel.registry.index import MAX_OWNERS
from sst_otel.registry.registry import Registry
from sst_otel.tags import Owner

_ALONE = "email"
"""The type of which most people have one: who types a second one means somebody else."""
_REACHING_ONE = frozenset({_ALONE, "phone"})
"""Types that lead to one person, whoever types them; namesakes and neighbours share the others."""


def is_of_another(owner: Owner, data: Iterable[Datum], registry: Registry) -> bool:
    """Whether ``data``, of one value, says that ``owner`` has only typed it.

    That is: no row of theirs has it, but one has another of the kind.
    """
    theirs = [datum for datum in data if datum.owner == owner]
    if not theirs or any(datum.stored or datum.data_type != _ALONE for datum in theirs):
        return False
    value = folded_text(theirs[0])
    return any(
        datum.data_type == _ALONE and datum.stored and folded_text(datum) != value
        for datum in registry.of_owner(owner.ref)
    )


def without_typists(owners: set[Owner], data: list[Datum], registry: Registry) -> set[Owner]:
    """Return ``owners`` of one value without those who have only typed what another's row has.

    ``data``: the value, as everybody's. Staff who add a colleague stand beside them in mails.
    """
    holders = {datum.owner for datum in data if datum.owner.known and datum.stored}
    if not holders & owners:
        return owners
    return {owner for owner in owners if not is_of_another(owner, data, registry)}


def held_by_one(datum: Datum, registry: Registry) -> Datum | None:
    """Return the value of ``datum`` as the row of the only account has it that it leads to."""
    if datum.data_type not in _REACHING_ONE or type(datum.value) is not str:
        return None
    holders = {
        each.owner: each
        for each in registry.holding(datum.value)
        if each.stored and each.data_type == datum.data_type and _has_account(each)
    }
    return holders.popitem()[1] if len(holders) == 1 else None


def _has_account(datum: Datum) -> bool:
    """Whether a row's value is that of somebody with an account.

    Rows of other tables (who was written to, whose address is in a book) are people of their own
    while nothing tells whose they are: their ids are those of the rows, after the table's name.
    """
    table = datum.source.removeprefix(ROWS).rpartition(".")[0]
    return datum.owner.id is not None and not datum.owner.id.startswith(f"{table}:")


def not_everybodys(data: list[Datum]) -> list[Datum]:
    """Return the ``data`` of one value that say whose it is: none where too many people have it.

    Anybody can type an address into a form, and often: that takes it from no account. So a value
    that leads to one person, and that the row of one account alone holds, stays that account's
    beside any number of visitors, as long as few other accounts have typed it.
    """
    if len(data) <= MAX_OWNERS:
        return data
    owners = {datum.owner for datum in data}  # a full name is two data
    if len(owners) <= MAX_OWNERS:
        return data
    if sum([owner.known for owner in owners]) > MAX_OWNERS:
        return []
    holders = {
        datum.owner
        for datum in data
        if datum.owner.known and datum.data_type in _REACHING_ONE and datum.stored
    }
    return [datum for datum in data if datum.owner in holders] if len(holders) == 1 else []
