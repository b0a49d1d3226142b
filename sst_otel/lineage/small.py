"""Small numbers and single characters: an age, a month, an initial.

The interpreter shares them, so they have no identity.

What was computed is remembered by value for the scope, and found again where a text is put together
in the same function (or in one that called it), never by value alone. In the identity table stands
a sign without data, so that sites look closer; requests that run at once share it.
"""

from __future__ import annotations

import sys
from pathlib import PurePath
from types import CodeType, FrameType
from typing import Any

from sst_otel.lineage.showing import Shown
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, Holder, Mark
from sst_otel.scope import PROCESS, Scope, current_scope

_SHARED = range(-5, 257)
_SMALLEST = 10
"""Below, a number is rather a position or a count than what was computed."""
_STATE = "small_values"
_HERE = "small_values_here"
_MOST = 200
_CALLERS = 3
"""Functions, the one that computed a value and its callers, that may have got it."""
_HANDED_ON = 2
"""Functions, the running one and its caller, of which one must have got a value to be using it."""
_OF_CHARACTERS = 2
"""Functions that may have got a character: an expression inside a comprehension is one, too."""
_OWN = str(PurePath(__file__).parent)

_Place = CodeType | tuple[CodeType, int]


class _Sign(Mark):
    """The entry of a shared value, there as long as one scope of those that computed it.

    Takes no lock (a forked child may have got it held): at worst a sign set while the last other
    scope ends is lost, and with it one small number's lineage.
    """

    __slots__ = ("scopes",)
    scopes: set[Holder]

    @classmethod
    def put(cls, value: int | str, scope: Scope) -> None:
        """Set the sign of ``value`` for ``scope`` too."""
        entry = IDS.get(id(value))
        if not isinstance(entry, cls):
            entry = cls(value, (), False, scope)
            entry.scopes = set()
        entry.scopes.add(scope)
        IDS[id(value)] = entry

    def ends_with(self, scope: Holder) -> bool:
        self.scopes.discard(scope)
        return not self.scopes


_Known = dict[int | str, tuple[Mark, frozenset[_Place]]]


def is_small(value: Any) -> bool:
    """Whether ``value`` is an integer or a character that the interpreter shares."""
    kind = type(value)
    return value in _SHARED if kind is int else kind is str and len(value) == 1


def remember(value: int | str, data: tuple[Datum, ...]) -> None:
    """Note that ``value`` was computed from, or is, ``data``.

    0 and ±1 say nothing, and no more does a character that is neither letter nor digit.
    """
    scope = current_scope()
    if scope is PROCESS or not data:
        return
    if not value.isalnum() if isinstance(value, str) else -1 <= value <= 1:
        return
    known = _known_in(scope)
    former = known.get(value)
    places = _places(_OF_CHARACTERS if isinstance(value, str) else _CALLERS)
    if former is not None:
        places |= former[1]
        if isinstance(value, str) and former[0].data[0].owner is data[0].owner:
            data = tuple(dict.fromkeys((*former[0].data, *data)))
    elif len(known) >= _MOST:
        return
    if not scope.hold(id(value), value):
        return
    known[value] = (Mark(value, data, False, scope), places)
    _Sign.put(value, scope)
    for datum in data:
        scope.data.setdefault(datum)


def remember_here(value: int | str, data: tuple[Datum, ...]) -> None:
    """Note that ``value`` is ``data`` in the expression that is running, and nowhere else."""
    scope = current_scope()
    known: dict[tuple[int | str, CodeType, int], Mark] = scope.state.setdefault(_HERE, {})
    place = (value, *_here())
    former = known.get(place)
    if former is not None and former.data == data:
        return
    if (former is None and len(known) >= _MOST) or not scope.hold(id(value), value):
        return
    known[place] = Mark(value, data, False, scope)
    _Sign.put(value, scope)


def entry_of(value: Any) -> Mark | None:
    """Return the mark of ``value``; of a small one only where it may be what was computed."""
    entry = IDS.get(id(value))
    if entry is None:
        return None
    if entry.data:
        return entry if type(value) is not bytearray or _is_in(value, entry) else None
    scope = current_scope()
    if _HERE in scope.state:
        here: Mark | None = scope.state[_HERE].get((value, *_here()))
        if here is not None:
            return here
    found = _known_in(scope).get(value)
    if found is None:
        return None
    mark, places = found
    if type(value) is str and not value.isdigit():
        code, _ = _here()
        return mark if code in places and value not in code.co_consts else None
    if type(value) is str or value < _SMALLEST:  # only in the same expression
        return mark if _here() in places else None
    return mark if not places.isdisjoint(_functions(_HANDED_ON)) else None


def position(value: int) -> Mark | None:
    """Return the mark of a number that an alphabet is asked at: a digit, so any in this function.

    A number that is written in the function is the function's own.
    """
    entry = entry_of(value)
    if entry is not None or id(value) not in IDS:
        return entry
    found = _known_in(current_scope()).get(value)
    code, _ = _here()
    return found[0] if found and code in found[1] and value not in code.co_consts else None


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


def _places(most: int) -> frozenset[_Place]:
    """Return the code of the application's functions that are running, and the line in it."""
    return frozenset((_here(), *_functions(most)))


def _functions(most: int) -> list[CodeType]:
    """Return the code of the application's functions that are running, the innermost first."""
    found: list[CodeType] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and len(found) < most:
        if not frame.f_code.co_filename.startswith(_OWN):
            found.append(frame.f_code)
        frame = frame.f_back
    return found
