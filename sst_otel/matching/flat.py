"""Object trees without their shape: whether anything followed is in one, and its texts.

Small trees are walked; of large ones the objects of one level are looked at together, in C.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import chain
from typing import Any

from sst_otel.datatypes.forms import as_text
from sst_otel.matching.decode import JSON_BEGINS
from sst_otel.registry.identity import IDS, MARKABLE, marked

BUFFERS = frozenset({io.BytesIO, io.StringIO})
"""Files in memory: what the program has written into one is known of the object."""
LISTS = frozenset({list, tuple, set, frozenset})
_FEW = 500
"""Objects that are walked one by one."""
_MOST_SHORT = 20_000
_MOST = 500_000
"""Objects of one tree; one that holds itself has no end."""
_DEEPEST = 60
_SHORT = 1_000
"""Bits of a number that is written out whatever limit the interpreter has."""
_NOTHING = frozenset({type(None), bool, *BUFFERS})
_NUMBERS = MARKABLE - {str, bytes, bytearray}
"""And dates, decimals, UUIDs."""


def holds_marks(tree: Any) -> bool:
    """Whether an object that carries a mark may be in ``tree``."""
    known = IDS
    waiting = [tree]
    for _ in range(_FEW):
        if not waiting:
            return False
        item = waiting.pop()
        kind = type(item)
        if id(item) in known:
            return True
        if issubclass(kind, dict):
            if any(map(known.__contains__, map(id, dict.keys(item)))):
                return True
            waiting.extend(dict.values(item))
        elif kind in LISTS:
            waiting.extend(item)
    return texts_in(waiting, lambda _: "", anything=True) is None


def texts_in(
    values: list[Any], opened: Callable[[bytes], str | None], anything: bool = False
) -> list[str] | None:
    """Return the keys, texts and numbers in ``values``, those of one depth together.

    ``opened`` gives the text of bytes. None where an object is one that the identity table knows,
    where there are too many, and where one is not plain, unless ``anything`` may stand there.
    """
    told: list[str] = []
    level, left = values, _MOST
    for _ in range(_DEEPEST):
        left -= len(level)
        if left < 0 or not IDS.keys().isdisjoint(map(id, level)):
            return None
        kinds = set(map(type, level))
        texts = [] if anything else _texts_of(level, kinds, opened)
        if texts is None:
            return None
        told += texts
        level = _inside(level, kinds)
        if not level:
            return told
    return None


def _texts_of(
    level: list[Any], kinds: set[type], opened: Callable[[bytes], str | None]
) -> list[str] | None:
    told: list[str] = []
    for kind in kinds:
        if kind is str:
            told += level if len(kinds) == 1 else [item for item in level if type(item) is str]
        elif kind in _NUMBERS:
            numbers = [item for item in level if type(item) is kind]
            told += map(str if _is_short(kind, numbers) else as_text, numbers)
        elif kind is bytes:
            for text in [opened(item) for item in level if type(item) is bytes]:
                if text is None:
                    return None
                told.append(text)
        elif not (kind is dict or kind in LISTS or kind in _NOTHING):
            return None
    return told


def _is_short(kind: type, numbers: list[Any]) -> bool:
    """Whether ``str`` writes all of ``numbers`` as :func:`as_text` does."""
    return kind is float or (kind is int and max(map(int.bit_length, numbers)) < _SHORT)


def _inside(level: list[Any], kinds: set[type]) -> list[Any]:
    """Return the keys and members of the containers among objects."""
    inner: list[Any] = []
    objects = {kind for kind in kinds if issubclass(kind, dict)}
    if objects:
        held = [item for item in level if type(item) in objects]
        inner += chain.from_iterable(map(dict.keys, held))
        inner += chain.from_iterable(map(dict.values, held))
    lists = kinds & LISTS
    if lists:
        inner += chain.from_iterable([item for item in level if type(item) in lists])
    return inner


def short_texts(tree: Any, longest: int) -> list[str] | None:
    """Return the unmarked texts and numbers in ``tree`` of at most ``longest`` characters.

    None where it holds anything that has to be opened first: documents in texts, bytes, dates.
    """
    found: list[str] = []
    waiting = [tree]
    for _ in range(_MOST_SHORT):
        if not waiting:
            return found
        item = waiting.pop()
        kind = type(item)
        if kind is str:
            if len(item) <= longest:
                if marked(item) is None:
                    found.append(item)
            elif item[0] in JSON_BEGINS:
                return None
        elif kind is int or kind is float:
            if marked(item) is None:
                found.append(as_text(item))
        elif kind is list or kind is tuple:
            waiting.extend(item)
        elif issubclass(kind, dict):
            waiting.extend(dict.values(item))
        elif item is not None and kind is not bool:
            return None
    return None
