"""Regular expressions: module functions, compiled patterns and what a match gives.

A match knows the text it was found in (``match.string`` is that very object), so it needs no mark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sst_otel.lineage import cutting, marks
from sst_otel.lineage.functions.rules import Follow, carries, cuts, nothing
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import Mark, marked
from sst_otel.tracebacks import drop_own_entry

Inserted = list[Any]


def substituted(result: Any, text: Any, replacement: Any) -> None:
    """Mark the result of ``re.sub``; ``replacement``: a text, or the list of those inserted."""
    if type(result) is tuple:  # subn
        result = result[0] if result else None
    if type(result) not in marks.TEXTS or result is text:
        return
    source = marked(text)
    given = replacement if type(replacement) is list else [replacement]
    inserted = [
        entry for entry in marks.found(given) if type(entry.obj) in marks.TEXTS and entry.obj
    ]
    inserted = [entry for entry in inserted if entry.obj in result]
    if not inserted:
        if source is not None:
            cutting.edited(result, source, "sub")
        return
    data: dict[Datum, None] = {}
    if source is not None:
        others = _rest(result, inserted)
        if source.composed:
            data.update(dict.fromkeys(marks.located(others, source)))
        elif marks.shares_characters(others, source.obj):
            data.update(dict.fromkeys(source.data))
    if not data and len(inserted) == 1 and len(result) == len(inserted[0].obj):
        marks.compose(result, inserted)
        return
    data.update(dict.fromkeys(marks.data_of(inserted)))
    marks.keep(result, tuple(data), composed=True)


def _rest(text: Any, inserted: list[Mark]) -> Any:
    for entry in inserted:
        text = text.replace(entry.obj, text[:0])
    return text


def substitution(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``re.sub(pattern, replacement, text)`` and ``pattern.sub(replacement, text)``."""
    given = dict(zip(("pattern", "repl", "string"), args, strict=False))
    given.update(kwargs)
    substituted(result, given.get("string"), given.get("repl"))


def group(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``match.group(…)``, ``match[…]``: pieces of the text, by where they stood in it."""
    match = args[0]
    source = marked(match.string)
    if source is None:
        return
    indices = args[1:] or (0,)
    for index, piece in zip(indices, result if len(indices) > 1 else (result,), strict=True):
        if type(index) in (int, str) and piece is not source.obj and piece is not None:
            cutting.part(piece, source, "group", match.start(index))


def groups(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``match.groups()``, ``match.groupdict()``."""
    match = args[0]
    source = marked(match.string)
    if source is None:
        return
    if type(result) is dict:
        named = [(match.start(name), piece) for name, piece in result.items()]
    else:
        named = [(match.start(index), piece) for index, piece in enumerate(result, 1)]
    cutter = cutting.Cutter(source, "group")
    for start, piece in named:
        if start >= 0:
            cutter.part(piece, start)


def _expand(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    source = marked(args[0].string)
    if source is not None:
        cutting.edited(result, source, "expand")


_FUNCTIONS: dict[str, Follow] = {
    "sub": substitution,
    "subn": substitution,
    "split": cuts("split", 1),
    "findall": cuts("findall", 1),
    "escape": carries("escape"),
    **dict.fromkeys(("match", "search", "fullmatch", "finditer", "compile"), nothing),
}
RULES: dict[str, dict[str, Follow]] = {"re": _FUNCTIONS}
PATTERN: dict[str, Follow] = {
    name: rule for name, rule in _FUNCTIONS.items() if name not in ("escape", "compile")
}
MATCH: dict[str, Follow] = {
    "group": group,
    "__getitem__": group,
    "groups": groups,
    "groupdict": groups,
    "expand": _expand,
}


def watched(replacement: Any, inserted: Inserted) -> Any:
    """Return a replacement that notes what the application's own function returns."""

    def replace(match: re.Match[Any]) -> Any:
        try:
            text = replacement(match)
        except BaseException as error:
            drop_own_entry(error)
            raise
        if type(text) is str or type(text) is bytes:
            inserted.append(text)
        return text

    return replace
