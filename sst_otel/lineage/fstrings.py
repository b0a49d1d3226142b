"""f-strings in rewritten code."""

from __future__ import annotations

from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage import marks
from sst_otel.lineage.tracebacks import drop_own_entry
from sst_otel.registry.identity import IDS, Mark

CONTAINERS = marks.CONTAINERS


class _Piece(str):
    """A formatted value on its way into one f-string; never leaves :func:`joined`."""

    __slots__ = ("sources",)
    sources: list[Mark]


_PIECE_TYPES = frozenset({_Piece})


def _piece(text: Any, value: Any) -> Any:
    with guard("lineage"):
        sources = marks.scan(value)
        if sources and type(text) is str:
            piece = _Piece(text)
            piece.sources = sources
            return piece
    return text


def formatted(value: Any) -> Any:
    """Return ``f"{value}"``, knowing what it was made from."""
    try:
        text = f"{value}"
    except BaseException as error:
        drop_own_entry(error)
        raise
    if IDS and (id(value) in IDS or type(value) in CONTAINERS):
        return _piece(text, value)
    return text


def formatted_spec(value: Any, spec: str) -> Any:
    """Return ``f"{value:{spec}}"``, knowing what it was made from."""
    try:
        text = format(value, spec)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if id(value) in IDS:
        return _piece(text, value)
    return text


def converted(value: Any, conversion: str, spec: str) -> Any:
    """Return ``f"{value!r:{spec}}"`` (or ``!s``, ``!a``), knowing what it was made from."""
    try:
        text = str(value) if conversion == "s" else (repr if conversion == "r" else ascii)(value)
        if spec:
            text = format(text, spec)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if IDS and (id(value) in IDS or type(value) in CONTAINERS):
        return _piece(text, value)
    return text


def joined(*pieces: str) -> str:
    """Return the f-string made of ``pieces``: literals and what the helpers above returned."""
    text = "".join(pieces)
    if IDS and not _PIECE_TYPES.isdisjoint(map(type, pieces)):
        with guard("lineage"):
            sources: dict[int, Mark] = {}
            for piece in pieces:
                if type(piece) is _Piece:
                    for source in piece.sources:
                        sources[id(source.obj)] = source
            _compose_fstring(text, list(sources.values()), len(pieces) == 1)
    return text


def _compose_fstring(text: str, sources: list[Mark], alone: bool) -> None:
    for source in sources:
        if text is source.obj:
            return
    marks.compose(text, sources, alone)


def fstring1(text: str, alone: bool, a: Any) -> str:
    """Return ``text``, an f-string evaluated in place with the variable ``a`` in it."""
    if IDS and (id(a) in IDS or type(a) in CONTAINERS):
        _fstring_of(text, alone, (a,))
    return text


def fstring2(text: str, alone: bool, a: Any, b: Any) -> str:
    """Return ``text``, an f-string evaluated in place with two variables in it."""
    if IDS and (id(a) in IDS or id(b) in IDS or type(a) in CONTAINERS or type(b) in CONTAINERS):
        _fstring_of(text, alone, (a, b))
    return text


def fstrings(text: str, alone: bool, *values: Any) -> str:
    """Return ``text``, an f-string evaluated in place with ``values`` in it."""
    if IDS and (marks.any_marked(values) or not CONTAINERS.isdisjoint(map(type, values))):
        _fstring_of(text, alone, values)
    return text


def _fstring_of(text: str, alone: bool, values: tuple[Any, ...]) -> None:
    with guard("lineage"):
        sources = [source for value in values for source in marks.scan(value)]
        _compose_fstring(text, sources, alone)
