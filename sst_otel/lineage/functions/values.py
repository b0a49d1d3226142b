"""Methods of builtin values: texts, numbers, dates. The receiver stands first in the arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sst_otel.lineage import cutting, marks
from sst_otel.lineage.functions import dates
from sst_otel.lineage.functions.formatting import formatted
from sst_otel.lineage.functions.rules import (
    Follow,
    Watched,
    carries,
    computes,
    cuts,
    edits,
    encodes,
)
from sst_otel.lineage.scanning import row_items
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import marked

_YEAR = frozenset("YyGcxDFs")
_MONTH = frozenset("mbBcxDFsj")
_DAY = frozenset("dejcxDFs")
_DIRECTIVE = re.compile(r"%[-_0^#]?([a-zA-Z])")
CUTTING = frozenset({"split", "rsplit", "splitlines", "partition", "rpartition"})
EDITING = frozenset({"strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "translate"})
CONVERTING = frozenset(
    {
        *("lower", "upper", "title", "capitalize", "casefold", "swapcase", "encode", "decode"),
        *("zfill", "ljust", "rjust", "center", "expandtabs"),
    }
)
COPYING = frozenset({"isoformat", "ctime", "date", "astimezone", "timestamp", "toordinal"})
COMPUTING = frozenset(
    {
        *("quantize", "to_integral_value", "to_integral", "to_integral_exact", "copy_abs", "time"),
        *("copy_negate", "scaleb", "fma", "remainder_near", "exp", "ln", "log10", "sqrt"),
        *("total_seconds", "conjugate", "weekday", "isoweekday", "isocalendar", "timetz"),
        *("as_integer_ratio", "limit_denominator"),
    }
)


def _joined(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    separator, *given = args
    if result is separator or not given:
        return
    pieces = given[0]
    held = marked(pieces) if type(pieces) is list or type(pieces) is str else None
    if held is not None:  # characters of a text
        if any(marks.shares_characters(result, datum.value) for datum in held.data):
            marks.keep(result, held.data, held.composed or bool(separator), held.form)
        return
    if type(pieces) is Watched:
        if pieces.text is not None and len(pieces) == 1:
            characters_joined(result, pieces.text)
            return
    elif type(pieces) not in marks.CONTAINERS and type(pieces) not in marks.VIEWS:
        pieces = row_items(pieces)
        if pieces is None:
            return  # an iterable of the application is asked once, by join itself
    sources = marks.found((separator,)) if len(pieces) > 1 else []
    sources += marks.found(pieces)
    if not any(result is source.obj for source in sources):
        marks.compose(result, sources)


def characters_joined(result: Any, text: Any) -> None:
    """``"".join(c for c in text if …)``: what is left of the text."""
    source = marked(text)
    if source is not None and result is not text:
        cutting.edited(result, source, "join")


def _replaced(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    if result is args[0] or len(args) < 3:
        return
    text, old, new = args[:3]
    source, inserted = marked(text), marked(new)
    if inserted is not None and (not new or new not in result or old not in text):
        inserted = None
    if inserted is None:
        if source is not None:
            cutting.edited(result, source, "replace")
        return
    kept: tuple[Datum, ...] = ()
    if source is not None:
        kept = marks.located(result, source)
    elif result is inserted.obj or len(result) == len(inserted.obj):
        marks.compose(result, [inserted])
        return
    marks.keep(result, (*kept, *(datum for datum in inserted.data if datum not in kept)), True)


def _written(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``date.strftime(…)``: the date, or a part of it."""
    template = args[1] if len(args) > 1 else kwargs.get("format", "")
    rule = carries("strftime") if is_whole_date(template) else computes("strftime")
    for source in marks.found(args[:1]):
        if source.obj is args[0] and type(template) is str and result != template:
            rule(result, args[:1], {})


def is_whole_date(template: Any) -> bool:
    """Whether a ``strftime`` format has year, month and day."""
    directives = set(_DIRECTIVE.findall(template)) if type(template) is str else set()
    return all(directives & group for group in (_YEAR, _MONTH, _DAY))


def _changed(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``date.replace(day=1)``: computed; with a time or a zone only, a copy."""
    copied = not {"year", "month", "day"} & set(kwargs) and len(args) == 1
    (carries("replace") if copied else computes("replace"))(result, args, {} if copied else kwargs)


def _hex(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    rule = encodes() if type(args[0]) in marks.TEXTS else carries("hex")
    rule(result, args[:1], {})


TEXT: dict[str, Follow] = {
    **{name: cuts(name) for name in CUTTING},
    **{name: edits(name) for name in EDITING},
    **{name: carries(name) for name in CONVERTING},
    "hex": _hex,
    "join": _joined,
    "format": formatted,
    "format_map": formatted,
    "replace": _replaced,
    "__getitem__": edits("slice"),
}
SCALAR: dict[str, Follow] = {
    **dates.SCALAR,
    **{name: carries(name) for name in COPYING | {"normalize", "to_eng_string"}},
    **{name: computes(name) for name in COMPUTING},
    "strftime": _written,
    "__format__": _written,
    "replace": _changed,
    "hex": _hex,
    "to_bytes": encodes(),
}
ATTRIBUTES = frozenset(
    {
        *("year", "month", "day", "hour", "minute", "second", "microsecond"),
        *("days", "seconds", "microseconds", "years", "months", "weeks", "hours", "minutes"),
        *("real", "imag", "numerator", "denominator"),
        *("hex", "urn", "int", "bytes", "values", "iloc", "loc"),
    }
)
"""Names of attributes whose value is made when they are read: parts of dates, of numbers."""
_WRITTEN = frozenset({"hex", "urn", "int", "bytes"})


def attribute(result: Any, receiver: Any, name: str) -> None:
    """Mark what reading the attribute ``name`` of a marked value gave."""
    if name in _WRITTEN:
        carries(name)(result, (receiver,), {})
    else:
        computes(name)(result, (receiver,), {})
