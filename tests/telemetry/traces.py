"""A whole trace as plain dicts, what differs from run to run named instead."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan

from sst_otel import semconv

SHARE = "sst.data.share"


def tree(spans: Sequence[ReadableSpan], names: Mapping[Any, str]) -> list[dict[str, Any]]:
    """Return the spans of one trace in the order of their starts, each with its parent's name.

    ``names``: values that differ from run to run (a port, an id) → what stands for them, also in
    the middle of a text. Raises ``AssertionError`` where there are several traces.
    """
    assert len({span.context.trace_id for span in spans}) == 1
    called = {span.context.span_id: span.name for span in spans}
    return [
        {
            "name": plain(span.name, names),
            "kind": span.kind.name,
            "parent": called.get(span.parent.span_id, "?") if span.parent else None,
            "status": span.status.status_code.name,
            "attributes": plain(dict(span.attributes or {}), names),
            "events": [
                {"name": event.name, "attributes": plain(dict(event.attributes or {}), names)}
                for event in span.events
            ],
        }
        for span in sorted(spans, key=lambda span: span.start_time or 0)
    ]


def plain(value: Any, names: Mapping[Any, str]) -> Any:
    """Return ``value`` with the names of what differs; an event's id and line by their types."""
    if isinstance(value, dict):
        return {
            key: _special(key, item) if key in _SPECIAL else plain(item, names)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [plain(item, names) for item in value]
    if isinstance(value, str):
        for differing, name in names.items():
            value = value.replace(str(differing), name)
        return value
    return names.get(value, value)


_SPECIAL = frozenset({semconv.EVENT_ID, semconv.CODE_LINE, semconv.CODE_FILE})


def _special(key: str, value: Any) -> str:
    if key == semconv.EVENT_ID:
        assert uuid.UUID(value).version == 7
        return "EVENT"
    if key == semconv.CODE_LINE:
        assert value > 0
        return "LINE"
    return str(value).rpartition("/")[2]
