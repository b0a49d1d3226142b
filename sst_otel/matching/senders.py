"""Where a mail comes from: the application's own address, unless it is that of whoever writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sst_otel.datatypes.roles import is_roles
from sst_otel.tags import Owner

if TYPE_CHECKING:
    from sst_otel.matching.hits import Hit

_OF_A_MAIL = frozenset(
    {"envelope.from", "header.from", "header.sender", "header.reply-to", "header.return-path"}
)
_SENDER = re.compile(
    r"\.(from|sender|reply[_-]?to|return[_-]?path|from_?(e?mail|address|addr))"
    r"(\[\d+\])?(\.(e?mail|address|addr))?$"
)
"""In what mails and the APIs of mail services are made of."""


def not_the_sites(hits: Sequence[Hit], acting: Owner | None) -> list[Hit]:
    """Drop the addresses that a mail is sent from where they are the application's own.

    So is nobody's. So is a role's, ``admin@…``, that stands in the row of an account of which the
    mail says nothing else, unless it is ``acting``, who has caused the mail: the first account of
    many an application has the address that all its mails come from.
    """
    kept = [hit for hit in hits if hit.datum.owner.ref or hit.leaf.path.lower() not in _OF_A_MAIL]
    sites = {hit.datum.owner for hit in kept if _is_roles(hit) and _sends(hit)} - {acting}
    if sites:
        told = {hit.datum.owner for hit in kept if not _is_roles(hit)}
        kept = [hit for hit in kept if hit.datum.owner not in sites or hit.datum.owner in told]
    return kept


def _is_roles(hit: Hit) -> bool:
    datum = hit.datum
    return datum.data_type == "email" and datum.stored and is_roles(datum.value)


def _sends(hit: Hit) -> bool:
    return _SENDER.search(hit.leaf.path.lower()) is not None
