"""Reads the lines of a journal, or of anybody who sends such records.

Every field is checked, because a disk, an older version or a torn write may hand back anything, and
text is made storable in every database (no NUL, no lone surrogate).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from sst_otel import semconv
from sst_otel.audit.records import (
    AliasRecord,
    GapRecord,
    OutcomeRecord,
    Record,
    ShareRecord,
    TagRecord,
)

_LATEST = 18_446_744_073.0  # in 2554, the last second that OTLP's nanoseconds can hold


class CorruptRecord(ValueError):
    """A line that is not one of our records. Its text is never quoted."""


def decode(line: bytes) -> Record:
    """Read one line; raises :class:`CorruptRecord` for anything that is not a record of ours."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise CorruptRecord("not a line of the audit journal") from None
    return checked(fields)


def checked(fields: Any) -> Record:
    """Return the record with these fields, those of a journal's line; raises as :func:`decode`."""
    try:
        return _READERS[fields["k"]](fields)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CorruptRecord("not a record of the audit log") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    if value.isascii() and "\0" not in value:
        return value
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _name(value: object) -> str:
    text = _text(value)
    if not text:
        raise ValueError
    return text


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_storable(value))


def _storable(values: list[Any]) -> list[str]:
    """Return texts as :func:`_text` does, all looked at together as nearly none has to change."""
    together = "".join(values)  # TypeError where one is no text
    if together.isascii() and "\0" not in together:
        return values
    return [_text(item) for item in values]


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    if value != value:
        raise ValueError
    # A clock that is wrong by decades (a test's, a board without a battery) loses no record.
    return round(float(min(max(value, 0), _LATEST)), 6)


def _tree(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_tree(item) for item in value]
    if isinstance(value, dict):
        return {_text(key): _tree(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # no JSON: SQLite would read no other row beside it
    return value


def _share(fields: dict[str, Any]) -> ShareRecord:
    metadata = _tree(fields["metadata"])
    if not isinstance(metadata, dict):
        raise TypeError
    host = metadata.get(semconv.SERVER_ADDRESS)
    if host is not None and not isinstance(host, str):
        metadata[semconv.SERVER_ADDRESS] = str(host)  # the roll-up's key
    texts = _storable([fields[name] for name in _SHARE_TEXTS])
    values: dict[str, Any] = dict(zip(_SHARE_TEXTS, texts, strict=True))
    values.update({name: _texts(fields[name]) for name in _SHARE_ARRAYS})
    record = ShareRecord(
        event_id=_name(fields["event_id"]),
        event_type=_name(fields["event_type"]),
        at=_time(fields["at"]),
        metadata=metadata,
        stack=_texts(fields["stack"]),
        **values,
    )
    if len({len(getattr(record, name)) for name in _SHARE_ARRAYS}) != 1:
        raise ValueError
    return record


def _tag(fields: dict[str, Any]) -> TagRecord:
    return TagRecord(
        tag_id=_name(fields["tag_id"]),
        owner_ref=_text(fields["owner_ref"]),
        owner_sealed=_text(fields["owner_sealed"]),
        data_type=_name(fields["data_type"]),
        source=_text(fields["source"]),
        lineage=_texts(fields["lineage"]),
        transformations=_texts(fields["transformations"]),
        at=_time(fields["at"]),
    )


def _outcome(fields: dict[str, Any]) -> OutcomeRecord:
    return OutcomeRecord(_name(fields["event_id"]), _name(fields["outcome"]), _time(fields["at"]))


def _alias(fields: dict[str, Any]) -> AliasRecord:
    return AliasRecord(
        _name(fields["pseudonym_ref"]),
        _name(fields["owner_ref"]),
        _text(fields["owner_sealed"]),
        _time(fields["at"]),
    )


def _gap(fields: dict[str, Any]) -> GapRecord:
    lost = {
        _name(kind): count
        for kind, count in fields["lost"].items()
        if isinstance(count, int) and not isinstance(count, bool)
    }
    if len(lost) != len(fields["lost"]):
        raise TypeError
    return GapRecord(
        _name(fields["gap_id"]),
        _text(fields["service"]),
        _time(fields["since"]),
        _time(fields["at"]),
        lost,
        _text(fields["reason"]),
    )


_SHARE_ARRAYS = ("data_types", "tag_ids", "evidence", "paths")
_SHARE_TEXTS = (
    "owner_ref",
    "owner_sealed",
    "service",
    "route",
    "destination",
    "recipient_name",
    "purpose",
    "country",
    "role",
    "key_id",
    "trace_id",
    "span_id",
)
_READERS: dict[str, Callable[[dict[str, Any]], Record]] = {
    "share": _share,
    "tag": _tag,
    "outcome": _outcome,
    "alias": _alias,
    "gap": _gap,
}
