"""f-strings in rewritten code."""

from __future__ import annotations

from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage import marks
from sst_otel.lineage.small import entry_of
from sst_otel.lineage.tracebacks import drop_own_entry
from sst_otel.registry.identity import IDS, MARKABLE, Mark
from sst_otel.scope import current_scope

_PLAIN = MARKABLE | {bool, type(None)}
"""Types whose objects hold nothing inside, and say of themselves what they are."""


class _Piece(str):
    """A formatted value on its way into one f-string; never leaves :func:`joined`."""

    __slots__ = ("sources",)
    sources: list[Mark]


_PIECE_TYPES = frozenset({_Piece})


def _sources(value: Any, text: Any) -> list[Mark]:
    """Return the marks in ``value``, or of the object its ``__str__`` returned."""
    entry = entry_of(value)
    if entry is not None:
        return [entry]
    if type(value) in _PLAIN:
        return []
    entry = IDS.get(id(text))
    return [entry] if entry is not None else marks.scan(value)


def _piece(text: Any, value: Any) -> Any:
    with guard("lineage"):
        sources = _sources(value, text)
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
    if type(value) not in _PLAIN or id(value) in IDS:
        return _piece(text, value)
    return text


def formatted_spec(value: Any, spec: str) -> Any:
    """Return ``f"{value:{spec}}"``, knowing what it was made from."""
    try:
        text = format(value, spec)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if type(value) not in _PLAIN or id(value) in IDS:
        return _piece(text, value)
    return text


def converted(value: Any, conversion: str, spec: str) -> Any:
    """Return ``f"{value!r:{spec}}"`` (or ``!s``, ``!a``), knowing what it was made from."""
    try:
        inner = str(value) if conversion == "s" else (repr if conversion == "r" else ascii)(value)
        text = format(inner, spec) if spec else inner
    except BaseException as error:
        drop_own_entry(error)
        raise
    if type(value) not in _PLAIN or id(value) in IDS:
        if text is not inner and id(inner) in IDS:
            return _piece(text, inner)
        return _piece(text, value)
    return text


def joined(*pieces: str) -> str:
    """Return the f-string made of ``pieces``: literals and what the helpers above returned."""
    text = "".join(pieces)
    if not _PIECE_TYPES.isdisjoint(map(type, pieces)):
        sources: dict[int, Mark] = {}
        for part in pieces:
            if type(part) is _Piece:
                for source in part.sources:
                    sources[id(source)] = source
        _compose(text, list(sources.values()), len(pieces) == 1)
    return text


def piece(before: str, value: Any, after: str) -> str:
    """Return ``f"{before}{value}{after}"``."""
    try:
        inner = f"{value}"
    except BaseException as error:
        drop_own_entry(error)
        raise
    text = f"{before}{inner}{after}" if before or after else inner
    if type(value) not in _PLAIN or id(value) in IDS:
        with guard("lineage"):
            _compose(text, _sources(value, inner), not (before or after))
    return text


def _compose(text: str, sources: list[Mark], alone: bool) -> None:
    if sources and not any(text is source.obj for source in sources) and current_scope().spend():
        with guard("lineage"):
            marks.compose(text, sources, alone)
