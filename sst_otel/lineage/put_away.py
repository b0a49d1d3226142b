"""Documents that a program writes and reads again: cache entries, queue payloads, lines of a file.

What comes back is another object, and its short values would be nobody's. The text of the whole
document is remembered, as a number: equal texts hold the same people's values.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from sst_otel.lifetime import is_held
from sst_otel.missed import OUTPUTS, missed
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, Mark, marked
from sst_otel.registry.kept_texts import keep_text
from sst_otel.registry.registry import Registry
from sst_otel.scope import Scope

_LONGEST = 100_000
_MOST_HELD = 50
_TEXTS = frozenset({str, bytes})
registry: Registry | None = None
"""That of the running tracker, while documents are remembered."""


def put_away(document: Any) -> None:
    """Remember a marked text that a serialiser has just made; others are ignored."""
    if registry is None or type(document) not in _TEXTS or len(document) > _LONGEST:
        return
    entry = marked(document)
    if entry is not None and not registry.made().keep(_key(document), entry.data):
        missed(OUTPUTS)


def write_down(entry: Mark) -> None:
    """Remember a text that is written to a file: whoever sends the file sends its lines."""
    if registry is None:
        return
    if type(entry.obj) is bytes:
        text = entry.obj.decode("utf-8", "replace")
        entry = Mark(text, entry.data, entry.composed, entry.scope, entry.form)
    keep_text(registry, entry)


def keep_held(scope: Scope) -> None:
    """Remember the latest sentences of a scope that ends, as far as somebody still has them.

    A batch that a thread of an SDK's own sends later belongs to no scope.
    """
    if registry is None:
        return
    for key in islice(reversed(scope.composed), _MOST_HELD):
        entry = IDS.get(key)
        if entry is not None and is_held(entry):
            keep_text(registry, entry)


def taken_out(document: Any) -> tuple[Datum, ...]:
    """Return the data in a text that is about to be parsed; empty where it is not remembered."""
    if registry is None or type(document) not in _TEXTS or len(document) > _LONGEST:
        return ()
    key = None
    for index in registry.indexes():
        if index.made.documents:
            key = key or _key(document)
            found = index.made.documents.get(key)
            if found is not None:
                return found
    return ()


def _key(document: Any) -> int:
    """Return the same number for a text and its UTF-8; blanks around it do not count."""
    # A line that is read has its end; caches hand out bytes for the text they were given.
    text = document if type(document) is str else bytes(document).decode("utf-8", "surrogateescape")
    return hash(text.strip())
