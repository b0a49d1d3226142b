"""Texts that an application puts away and reads again: a chat's history, a flashed message, a note.

What comes back is another object, and a first name or a town in a sentence is too common to be
recognised alone. But whoever put it away knew what was in it, and the sentence itself is rare.
"""

from __future__ import annotations

from typing import Any

from sst_otel import semconv
from sst_otel.missed import OUTPUTS, missed
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import Mark, marked
from sst_otel.registry.registry import Registry

_LONGEST = 5_000
_MOST_NODES = 500


def keep_texts(registry: Registry, tree: Any) -> None:
    """Note the composed texts in exact dictionaries, lists and tuples, in 500 objects at most."""
    waiting = [tree]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        item = waiting.pop()
        kind = type(item)
        if kind is str:
            entry = marked(item)
            if entry is not None and not keep_text(registry, entry):
                return
        elif issubclass(kind, dict):
            waiting.extend(dict.values(item))
        elif kind is list or kind is tuple:
            waiting.extend(item)


def keep_text(registry: Registry, entry: Mark) -> bool:
    """Note a text that was put together of one person's values; False beyond the budget.

    Of several people's nothing is noted: when it comes back, nobody can tell them apart.
    """
    text = entry.obj
    if not entry.composed or entry.form or type(text) is not str or len(text) > _LONGEST:
        return True
    if len({datum.owner for datum in entry.data}) != 1:
        return True
    data: dict[Datum, None] = {}
    for datum in entry.data:
        data.update(dict.fromkeys((datum, *datum.parents)))
    if registry.made().add(text, tuple(data), semconv.COMPOSED):
        return True
    missed(OUTPUTS)
    return False
