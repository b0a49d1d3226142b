"""Pieces of a value that say what the whole says: a word of a person's name."""

from __future__ import annotations

from typing import Any

from sst_otel.lineage.locate import folded
from sst_otel.registry.datum import Datum


def is_of_name(piece: Any, data: tuple[Datum, ...]) -> bool:
    """Whether a text is one of the words of a person's name: that is a name, however short."""
    if len(data) != 1 or data[0].data_type != "name" or type(data[0].value) is not str:
        return False
    word = folded(piece).strip(" ,.")
    return len(word) > 1 and word in folded(data[0].value).replace(",", " ").split()
