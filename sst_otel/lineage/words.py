"""Pieces of a value that say what the whole says: a word of a name, all of them together."""

from __future__ import annotations

from typing import Any

from sst_otel.lineage.written_forms import TEXTS, folded
from sst_otel.registry.datum import Datum


def is_of_name(piece: Any, data: tuple[Datum, ...]) -> bool:
    """Whether a text is one of the words of a person's name: that is a name, however short."""
    if len(data) != 1 or data[0].data_type != "name" or type(data[0].value) is not str:
        return False
    word = folded(piece).strip(" ,.")
    return len(word) > 1 and word in folded(data[0].value).replace(",", " ").split()


def whole_again(result: Any, data: tuple[Datum, ...]) -> Datum | None:
    """Return the datum whose pieces ``data`` are, where ``result`` shows all of it again."""
    if not data or len(data[0].parents) != 1:
        return None
    root = data[0].parents[0]
    if any(datum is not root and datum.parents != (root,) for datum in data):
        return None
    return root if _letters(result) == _letters(root.value) else None


def _letters(value: Any) -> str:
    return "".join(filter(str.isalnum, folded(value))) if type(value) in TEXTS else ""
