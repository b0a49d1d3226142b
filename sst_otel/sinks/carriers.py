"""Headers as libraries take them: read for what is ours, and copied without it or with it.

A mapping, pairs in a list or tuple, ``Name: value`` lines, attributes of AWS messages, metadata of
grpc. What comes back is a copy of the same kind; everybody else's entries are the same objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sst_otel.telemetry.baggage import trace_id_of, without_ours
from sst_otel.telemetry.propagator import joined

BAGGAGE = "baggage"
_B3 = re.compile(r"([0-9a-fA-F]{16}|[0-9a-fA-F]{32})(?:-.*)?")
_AMAZON = re.compile(r"(?:.*;)?\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;.*)?")
_AWS_TEXT = "StringValue"


@dataclass(frozen=True, slots=True)
class _Form:
    """How a carrier keeps its headers."""

    read: Callable[[Any], tuple[Any, Any]]
    """``read(item)`` → name and value."""
    write: Callable[[Any, Any, Any], Any]
    """``write(item, name, value)`` → an item like it."""
    make: Callable[[list[Any]], Any]
    """``make(items)`` → a carrier of them."""


def without(headers: Any) -> Any:
    """Return a copy of ``headers`` without what is ours; None where nothing is."""
    form, items = _opened(headers)
    found, changed = [], False
    for item in items:
        name, value = form.read(item)
        if _is(name, BAGGAGE):
            left = _left(value)
            if left is not value:
                changed = True
                if left:
                    found.append(form.write(item, name, left))
                continue
        found.append(item)
    return form.make(found) if changed else None


def trace_of(headers: Any) -> str:
    """Return the id of the trace that ``headers`` carry, in 32 hex digits; ``""``: none."""
    form, items = _opened(headers)
    for item in items:
        name, value = form.read(item)
        read = _TRACES.get(_text(name).lower())
        if read is not None:
            return read(_text(value))
    return ""


def with_members(headers: Any, members: Sequence[str]) -> Any:
    """Return a copy of ``headers`` that has members of baggage more; None where none fit.

    There is a trace among them, whose spelling a new header takes.
    """
    form, items = _opened(headers)
    for place, item in enumerate(items):
        name, value = form.read(item)
        if _is(name, BAGGAGE) and isinstance(value, (str, bytes)):
            text = _text(value)
            both = joined(text, members)
            if both == text:
                return None
            items[place] = form.write(item, name, _as(value, both))
            return form.make(items)
    for item in items:
        name, value = form.read(item)
        if _text(name).lower() in _TRACES:
            added = form.write(item, _as(name, BAGGAGE), _as(value, joined("", members)))
            return form.make([*items, added])
    return None


def _of_b3(value: str) -> str:
    """Read Zipkin's, alone or as the first of its pieces; https://github.com/openzipkin/b3-propagation."""
    found = _B3.fullmatch(value.strip())
    return "" if found is None else found.group(1).lower().rjust(32, "0")


def _of_amazon(value: str) -> str:
    """Read X-Ray's; https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html."""
    found = _AMAZON.fullmatch(value)
    return "" if found is None else "".join(found.groups())


_TRACES: Mapping[str, Callable[[str], str]] = {
    "traceparent": trace_id_of,
    "b3": _of_b3,
    "x-b3-traceid": _of_b3,
    "x-amzn-trace-id": _of_amazon,
}
"""Header that says which trace a call is part of → what reads it."""


def _opened(headers: Any) -> tuple[_Form, list[Any]]:
    """Return the form of a carrier and its items; none of what is no carrier known to us."""
    if isinstance(headers, dict):
        return _MAPPING, list(dict.items(headers))
    if isinstance(headers, (list, tuple)):
        items = list(headers)
        if items and isinstance(items[0], (str, bytes)):
            return _LINES, items
        return _TUPLE if isinstance(headers, tuple) else _PAIRS, items
    kind = type(headers)
    library = kind.__module__.partition(".")[0]
    if library == "grpc":  # grpc.aio.Metadata
        return _Form(_pair, _write_pair, lambda pairs: kind(*pairs)), list(headers)
    if library == "websockets":
        return _PAIRS, list(headers.raw_items())
    if isinstance(headers, Mapping):
        return _MAPPING, list(headers.items())
    return _PAIRS, []


def _pair(item: Any) -> tuple[Any, Any]:
    return item if isinstance(item, (list, tuple)) and len(item) == 2 else ("", None)  # type: ignore[return-value]


def _write_pair(_item: Any, name: Any, value: Any) -> tuple[Any, Any]:
    return name, value


def _line(item: Any) -> tuple[Any, Any]:
    if not isinstance(item, (str, bytes)):
        return "", None
    name, _, value = item.partition(":" if isinstance(item, str) else b":")  # type: ignore[arg-type]
    return name.strip(), value.strip()


def _write_line(_item: Any, name: Any, value: Any) -> Any:
    return f"{name}: {value}" if isinstance(name, str) else b"%b: %b" % (name, value)


_MAPPING = _Form(_pair, _write_pair, dict)
_PAIRS = _Form(_pair, _write_pair, list)
_TUPLE = _Form(_pair, _write_pair, tuple)
_LINES = _Form(_line, _write_line, list)


def _is(name: Any, wanted: str) -> bool:
    kind = type(name)
    if (kind is str or kind is bytes) and len(name) != len(wanted):
        return False
    if isinstance(name, str):
        return str.lower(name) == wanted
    return isinstance(name, bytes) and bytes.lower(name) == wanted.encode()


def _left(value: Any) -> Any:
    """Return the value of a header without what is ours; the same object where nothing is."""
    if isinstance(value, (str, bytes)):
        text = _text(value)
        left = without_ours(text)
        return value if left == text else _as(value, left)
    if isinstance(value, dict) and _AWS_TEXT in value:
        text = value[_AWS_TEXT]
        left = _left(text)
        return value if left is text else left and {**value, _AWS_TEXT: left}
    if isinstance(value, list):
        found = [_left(one) for one in value]
        same = all(left is one for left, one in zip(found, value, strict=True))
        return value if same else list(filter(None, found))
    return value


def _text(value: Any) -> str:
    """Return a text of no class of somebody's own; aiohttp's names are of one. ``""``: no text."""
    if isinstance(value, bytes):
        return bytes.decode(value, "latin-1")
    return str.__str__(value) if isinstance(value, str) else ""


def _as(like: Any, text: str) -> Any:
    return text.encode("latin-1") if isinstance(like, bytes) else text
