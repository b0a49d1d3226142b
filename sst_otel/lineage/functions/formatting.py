"""Formatting with a template: only what a field names is in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from sst_otel.lineage import marks
from sst_otel.lineage.scanning import fields_of, scan, scan_all
from sst_otel.lineage.showing import Shown
from sst_otel.registry.identity import Mark

_PATH = re.compile(r"([^.\[]*)(.*)", re.S)
_STEPS = re.compile(r"\.([^.\[]+)|\[([^\]]+)\]")
_NAMED = re.compile(r"%\(([^)]*)\)")
_parse = Formatter().parse


def formatted(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``template.format(…)`` and ``template.format_map(…)``; the template is the first argument."""
    template, *given = args
    if type(template) is not str or type(result) is not str or result == template:
        return
    if not kwargs and len(given) == 1 and issubclass(type(given[0]), dict):
        named = {name: dict.get(given[0], name) for name in _names(template)}
        kwargs = {name: value for name, value in named.items() if value is not None}
    sources: dict[int, Mark] = {id(entry): entry for entry in marks.found((template,))}
    for field in _fields(template):
        for entry in _of_field(result, *field, given, kwargs):
            sources[id(entry)] = entry
    used = list(sources.values())
    if not any(result is source.obj for source in used):
        marks.compose(result, used, alone=_lone_field(template))


def _fields(template: str) -> Iterator[tuple[str, str]]:
    """Yield root and rest of the names of all fields, numbered ones by their number."""
    count = 0
    for _, name, spec, _ in _parse(template):
        if name is None:
            continue
        root, rest = _PATH.fullmatch(name).groups()  # type: ignore[union-attr]
        if not root:
            root, count = str(count), count + 1
        yield root, rest
        if spec and "{" in spec:
            for _, inner, _, _ in _parse(spec):
                if inner is not None and not inner:
                    count += 1


def _names(template: str) -> list[str]:
    return [root for root, _ in _fields(template) if not root.isdigit()]


def _of_field(
    result: Any, root: str, rest: str, given: list[Any], kwargs: Mapping[str, Any]
) -> list[Mark]:
    """Return the marks of what one field shows."""
    if root.isdigit():
        operand = given[int(root)] if int(root) < len(given) else None
    elif root in kwargs:
        operand = kwargs[root]
    else:
        return shown(result, scan_all(given, into_objects=True))
    if not rest:
        entries = scan(operand)
        return entries or shown(result, scan(operand, into_objects=True))
    reached = _reached(operand, rest)
    if reached is not None:
        return scan(reached) or shown(result, scan(reached, into_objects=True))
    return shown(result, scan(operand, into_objects=True))


def _reached(operand: Any, rest: str) -> Any:
    """Return what ``.name`` and ``[key]`` lead to, as far as nothing has to be asked for it."""
    for attribute, key in _STEPS.findall(rest):
        if attribute:
            operand = fields_of(operand).get(attribute)
        elif type(operand) is dict:
            operand = operand.get(int(key) if key.isdigit() else key)
        elif type(operand) in (list, tuple) and key.isdigit() and int(key) < len(operand):
            operand = operand[int(key)]
        else:
            return None
    return operand


def percent(result: Any, template: Any, argument: Any) -> list[Mark]:
    """Return the marks of what ``template % argument`` shows, those of the template first."""
    if issubclass(type(argument), dict) and type(template) is str:
        names = dict.fromkeys(_NAMED.findall(template))
        if names:
            return scan_all((template, *(dict.get(argument, name) for name in names)))
    direct = scan_all((template, argument))
    operands = argument if type(argument) is tuple else (argument,)
    inside = [entry for entry in scan_all(operands, into_objects=True) if entry not in direct]
    return direct + shown(result, inside)


def shown(result: Any, entries: list[Mark]) -> list[Mark]:
    """Return those of ``entries`` that the text ``result`` shows all of."""
    text = Shown(result) if entries else None
    return [entry for entry in entries if text is not None and text.data_of(entry) == entry.data]


def _lone_field(template: str) -> bool:
    return template[:1] == "{" and template[-1:] == "}" and template.count("{") == 1
