"""Reads the lines of a journal, or of anybody who sends such records.

Every field is checked, because a disk, an older version or a torn write may hand back anything, and
text is made storable in every database (no NUL, no lone surrogate).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sst_otel.audit.records import AliasRecord, OutcomeRecord, Record, ShareRecord, TagRecord

_LATEST = 253_402_300_799.0  # 9999-12-31, the last second a datetime can hold


class CorruptRecord(ValueError):
    """A line that is not one of our records. Its text is never quoted."""


def decode(line: bytes) -> Record:
    """Read one line; raises :class:`CorruptRecord` for anything that is not a record of ours."""
    try:
        fields = json.loads(line)
        return _READERS[fields["k"]](fields)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CorruptRecord("not a record of the audit journal") from None


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
    return tuple(_text(item) for item in value)


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    if not 0 <= value <= _LATEST:
        raise ValueError
    return round(float(value), 6)


def _tree(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_tree(item) for item in value]
    if isinstance(value, dict):
        return {_text(key): _tree(item) for key, item in value.items()}
    return value


def _share(fields: dict[str, Any]) -> ShareRecord:
    metadata = _tree(fields["metadata"])
    if not isinstance(metadata, dict):
        raise TypeError
    values: dict[str, Any] = {name: _text(fields[name]) for name in _SHARE_TEXTS}
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
}
