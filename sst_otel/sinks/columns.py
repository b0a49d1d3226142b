"""Where the data of one person goes, as an event may say it: columns named, people not."""

from __future__ import annotations

import re

from sst_otel import semconv
from sst_otel.matching.hits import Hit
from sst_otel.matching.parts import TABLE
from sst_otel.matching.shown import shown_key
from sst_otel.shares import Call
from sst_otel.sinks.masking import mask_path
from sst_otel.tags import Owner

_INDEX = re.compile(r"\[\d+\]")


def without_keys(owners: dict[Owner, list[Hit]]) -> dict[Owner, list[Hit]]:
    """Drop keys, which link rows of one database and say nothing to whoever holds it."""
    kept = {
        owner: [hit for hit in hits if hit.datum.data_type != "user_id"]
        for owner, hits in owners.items()
    }
    return {owner: hits for owner, hits in kept.items() if hits}


def shown_destination(destination: str, call: Call, hits: list[Hit], words: frozenset[str]) -> str:
    """Return a call's destination as the event of the person with these ``hits`` says it.

    Of a database with the columns that hold what is the person's: ``postgresql users(email)``.
    ``words``: what is known of the person (:func:`~sst_otel.sinks.masking.own_words`), masked in
    the names of topics, loggers and fields, which may be named after people.
    """
    if call.kind == semconv.FILE_WRITE:
        kind, _, rest = destination.partition(" ")
        name, arrow, handlers = rest.partition(" → ")
        return f"{kind} {mask_path(name, words)}{arrow}{handlers}"
    if call.kind == semconv.MESSAGE_PUBLISH:
        return mask_path(destination, words)
    if call.kind not in semconv.DATABASES:
        return destination
    personal = {hit.leaf.key for hit in hits}
    rows = [part.value for part in call.parts if part.where.startswith(TABLE)]
    tables = {shown_key(part.where.removeprefix(TABLE)) for part in call.parts} - {"url"}
    columns = dict.fromkeys(name for row in rows for name in row if name in personal)
    for hit in hits:
        if hit.leaf.key not in columns:
            root, dot, inner = _INDEX.sub("", hit.leaf.path).partition(".")
            if dot and root in tables:
                columns.setdefault(inner)
    shown = dict.fromkeys(mask_path(name, words) for name in columns)
    return f"{destination}({', '.join(shown)})" if shown else destination
