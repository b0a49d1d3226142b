"""Protocol buffer messages: they copy what they are given, and what they are written as is new.

A message holds what its constructor was given, what it takes over of another, and what is assigned
to a field of a variable that the rewritten module shows to be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage import carriers, marks, refine
from sst_otel.lineage.functions.rules import Follow, serialises
from sst_otel.lineage.scanning import bases, module_of, name_of, scan_all
from sst_otel.registry.identity import IDS, marked
from sst_otel.scope import current_scope

_MODULES = frozenset({"google.protobuf.message", "proto.message"})
_known: dict[type, bool] = {}
_MANY = 1_000
_guarded = guard("lineage")


def is_message(kind: type) -> bool:
    """Whether ``kind`` is a generated class (of ``protobuf`` or ``proto-plus``)."""
    known = _known.get(kind)
    if known is None:
        known = any(
            name_of(base) == "Message" and module_of(base) in _MODULES for base in bases(kind)
        )
        if len(_known) < _MANY:
            _known[kind] = known
    return known


def built(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``Person(age=age, friends=[Person(…)])``."""
    _hold(result, (*args, *kwargs.values()))


def _taken(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``message.CopyFrom(other)``: it holds what the other one does."""
    _hold(args[0], args[1:])


def _parsed(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``ParseDict(tree, message)``."""
    given = (*args, *kwargs.values())
    _hold(result, [one for one in given if one is not result])


def _written(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``message.SerializeToString()``."""
    source = marked(args[0])
    if source is not None:
        marks.keep(result, source.data, composed=True)


def _as_tree(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``MessageToDict(message)``."""
    source = marked(args[0]) if args else None
    if source is not None:
        refine.Leaves([source], "MessageToDict", [source]).visit(result)


def into_message(value: Any, message: Any) -> Any:
    """Return ``value``, which a field of ``message`` takes next."""
    if IDS:
        with _guarded:
            if is_message(type(message)) and current_scope().spend():
                _hold(message, (value,))
    return value


def _hold(message: Any, given: Any) -> None:
    sources = scan_all(given, into_objects=True)
    if sources:
        carriers.hold(message, marks.data_of(sources))


OF_MESSAGES: dict[str, Follow] = {
    **dict.fromkeys(("CopyFrom", "MergeFrom"), _taken),
    **dict.fromkeys(("SerializeToString", "SerializePartialToString"), _written),
}
"""Method of a message → rule."""
METHODS: dict[str, dict[str, Follow]] = {"google.protobuf.message.Message": OF_MESSAGES}
RULES: dict[str, dict[str, Follow]] = {
    "google.protobuf.json_format": {
        **dict.fromkeys(("ParseDict", "Parse"), _parsed),
        "MessageToDict": _as_tree,
        "MessageToJson": serialises,
    },
}
