"""Small numbers: an age, a month, a band. The interpreter shares them, so they have no identity.

What was computed is remembered by value for the scope, and found again where a text is put together
in the same function (or in one that called it), never by value alone. In the identity table stands
an entry without data, so that sites look closer.
"""

from __future__ import annotations

import sys
from pathlib import PurePath
from types import CodeType, FrameType
from typing import Any

from sst_otel.lineage.locate import Shown
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, Mark
from sst_otel.scope import PROCESS, Scope, current_scope

_SHARED = range(-5, 257)
_SMALLEST = 10
"""Below, a number is rather a position or a count than what was computed."""
_STATE = "small_numbers"
_MOST = 200
_CALLERS = 3
"""Functions, the one that computed a value and its callers, that may have got it."""
_HANDED_ON = 2
"""Functions, the running one and its caller, of which one must have got a value to be using it."""
_OWN = str(PurePath(__file__).parent)

_Place = CodeType | tuple[CodeType, int]
_Known = dict[int, tuple[Mark, frozenset[_Place]]]


def is_small(value: Any) -> bool:
    """Whether ``value`` is an integer that the interpreter shares."""
    return type(value) is int and value in _SHARED


def remember(value: int, data: tuple[Datum, ...]) -> None:
    """Note that ``value`` was computed from, or is, ``data``; 0 and ±1 say nothing."""
    scope = current_scope()
    if scope is PROCESS or -1 <= value <= 1:
        return
    known = _known_in(scope)
    former = known.get(value)
    places = _places()
    if former is not None:
        places |= former[1]
    elif len(known) >= _MOST or not scope.hold(id(value), value):
        return
    known[value] = (Mark(value, data, False, scope), places)
    IDS[id(value)] = Mark(value, (), False, scope)
    for datum in data:
        scope.data.setdefault(datum)


def entry_of(value: Any) -> Mark | None:
    """Return the mark of ``value``; of a small number only where it may be what was computed."""
    entry = IDS.get(id(value))
    if entry is None:
        return None
    if entry.data:
        return entry if type(value) is not bytearray or _is_in(value, entry) else None
    found = _known_in(current_scope()).get(value)
    if found is None:
        return None
    if value < _SMALLEST:  # only what is computed on in the same expression
        return found[0] if _here() in found[1] else None
    return found[0] if not found[1].isdisjoint(_functions(_HANDED_ON)) else None


def _is_in(buffer: bytearray, entry: Mark) -> bool:
    """Whether a buffer still holds one of its data; programs overwrite them."""
    text = Shown(buffer)
    return entry.form != "" or any(map(text.shows, entry.data))


def _known_in(scope: Scope) -> _Known:
    known: _Known = scope.state.setdefault(_STATE, {})
    return known


def _here() -> tuple[CodeType, int]:
    """Return the application's function that is running, and the line in it."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_OWN) and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code, frame.f_lineno


def _places() -> frozenset[_Place]:
    """Return the code of the application's functions that are running, and the line in it."""
    return frozenset((_here(), *_functions(_CALLERS)))


def _functions(most: int) -> list[CodeType]:
    """Return the code of the application's functions that are running, the innermost first."""
    found: list[CodeType] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and len(found) < most:
        if not frame.f_code.co_filename.startswith(_OWN):
            found.append(frame.f_code)
        frame = frame.f_back
    return found
