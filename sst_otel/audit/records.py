"""The lines of a journal: one JSON object each, written by the hot path, read by the drainer.

Writing is one C-level JSON dump and nothing else. Reading checks every field, because a disk, an
older version or a torn write may hand back anything, and makes text storable in every database (no
NUL, no lone surrogate).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sst_otel.shares import CodeLocation, SharingEvent
from sst_otel.tags import Tag

_LATEST = 253_402_300_799.0  # 9999-12-31, the last second a datetime can hold
_DEEPEST = 8


class CorruptRecord(ValueError):
    """A line that is not one of our records. Its text is never quoted."""


@dataclass(frozen=True, slots=True)
class ShareRecord:
    """One row of the audit log; the four tag arrays have equal length."""

    event_id: str
    event_type: str
    at: float
    """Seconds since the epoch, UTC."""
    owner_ref: str
    owner_sealed: str
    service: str
    route: str
    destination: str
    recipient_name: str
    purpose: str
    country: str
    role: str
    data_types: tuple[str, ...]
    tag_ids: tuple[str, ...]
    evidence: tuple[str, ...]
    paths: tuple[str, ...]
    metadata: Mapping[str, Any]
    stack: tuple[str, ...]
    """Application frames, outermost first, the sharing line last."""
    key_id: str
    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True)
class TagRecord:
    """A tag was first seen by a process."""

    tag_id: str
    owner_ref: str
    owner_sealed: str
    data_type: str
    source: str
    lineage: tuple[str, ...]
    transformations: tuple[str, ...]
    at: float


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """What became of a call, such as ``sent`` or ``failed``."""

    event_id: str
    outcome: str
    at: float


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """The visitor ``pseudonym_ref`` turned out to be the person ``owner_ref``."""

    pseudonym_ref: str
    owner_ref: str
    owner_sealed: str
    at: float


Record = ShareRecord | TagRecord | OutcomeRecord | AliasRecord


def share_record(event: SharingEvent) -> bytes:
    """Return the line of one sharing event."""
    findings = event.findings
    recipient = event.recipient
    metadata = dict(event.metadata)
    if event.host:
        metadata.setdefault("server.address", event.host)
    stack: tuple[str, ...] = ()
    if event.code is not None:
        metadata.setdefault("code.file.path", event.code.file)
        metadata.setdefault("code.line.number", event.code.line)
        metadata.setdefault("code.function.name", event.code.function)
        stack = _frames(event.code)
    fields = {
        "k": "share",
        "event_id": event.event_id,
        "event_type": event.kind,
        "at": event.at,
        "owner_ref": event.owner_ref,
        "owner_sealed": event.owner_sealed,
        "service": event.service,
        "route": event.route,
        "destination": event.destination,
        "recipient_name": recipient.name,
        "purpose": recipient.purpose,
        "country": recipient.country,
        "role": recipient.role,
        "data_types": [finding.tag.data_type for finding in findings],
        "tag_ids": [finding.tag.tag_id for finding in findings],
        "evidence": [finding.evidence for finding in findings],
        "paths": [finding.path for finding in findings],
        "metadata": metadata,
        "stack": stack,
        "key_id": event.key_id,
        "trace_id": event.trace_id,
        "span_id": event.span_id,
    }
    try:
        return _line(fields)
    except (ValueError, RecursionError):  # NaN, a cycle or a well without bottom in the metadata
        fields["metadata"] = _plain(metadata, _DEEPEST)
        return _line(fields)


def tag_record(tag: Tag, owner_sealed: str, first_seen: float) -> bytes:
    """Return the line of a tag first seen at ``first_seen`` (epoch seconds)."""
    return _line(
        {
            "k": "tag",
            "tag_id": tag.tag_id,
            "owner_ref": tag.owner_ref,
            "owner_sealed": owner_sealed,
            "data_type": tag.data_type,
            "source": tag.source,
            "lineage": tag.lineage,
            "transformations": tag.transformations,
            "at": first_seen,
        }
    )


def outcome_record(event_id: str, outcome: str, at: float) -> bytes:
    """Return the line of an event's outcome."""
    return _line({"k": "outcome", "event_id": event_id, "outcome": outcome, "at": at})


def alias_record(pseudonym_ref: str, owner_ref: str, owner_sealed: str, at: float) -> bytes:
    """Return the line that says whose a visitor's pseudonym was."""
    return _line(
        {
            "k": "alias",
            "pseudonym_ref": pseudonym_ref,
            "owner_ref": owner_ref,
            "owner_sealed": owner_sealed,
            "at": at,
        }
    )


def decode(line: bytes) -> Record:
    """Read one line; raises :class:`CorruptRecord` for anything that is not a record of ours."""
    try:
        fields = json.loads(line)
        return _READERS[fields["k"]](fields)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CorruptRecord("not a record of the audit journal") from None


def _type_name(value: object) -> str:
    """Stand in for an object that JSON cannot hold; its ``str`` could be a personal value."""
    return f"<{type(value).__name__}>"


_encoder = json.JSONEncoder(
    separators=(",", ":"), skipkeys=True, allow_nan=False, default=_type_name
)


def _line(fields: dict[str, Any]) -> bytes:
    return _encoder.encode(fields).encode("ascii") + b"\n"


def _frames(code: CodeLocation) -> tuple[str, ...]:
    last = f"{code.file}:{code.line} in {code.function}"
    return code.stack if code.stack and code.stack[-1] == last else (*code.stack, last)


def _plain(value: Any, depth: int) -> Any:
    """Cut a tree down to what JSON can hold."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if depth and isinstance(value, Mapping):
        return {k: _plain(v, depth - 1) for k, v in value.items() if isinstance(k, str)}
    if depth and isinstance(value, (list, tuple)):
        return [_plain(item, depth - 1) for item in value]
    return _type_name(value)


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
