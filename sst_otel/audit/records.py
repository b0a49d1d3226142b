"""The lines of a journal: one JSON object each, written by the hot path.

Writing is one C-level JSON dump and nothing else; :mod:`sst_otel.audit.decoding` reads them back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sst_otel import semconv
from sst_otel.shares import CodeLocation, SharingEvent
from sst_otel.tags import Tag

_DEEPEST = 8


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


@dataclass(frozen=True, slots=True)
class GapRecord:
    """Records of one process that nobody will ever see."""

    gap_id: str
    """UUIDv7."""
    service: str
    since: float
    at: float
    """When the first and the last of them were made, seconds since the epoch, UTC."""
    lost: Mapping[str, int]
    """Kind of record (``share``, ``tag``, ``outcome``, ``alias``) to how many."""
    reason: str
    """Why, in words; no personal value."""


Record = ShareRecord | TagRecord | OutcomeRecord | AliasRecord | GapRecord
_KINDS: Mapping[type[Any], str] = {
    ShareRecord: "share",
    TagRecord: "tag",
    OutcomeRecord: "outcome",
    AliasRecord: "alias",
    GapRecord: "gap",
}


def share_record(event: SharingEvent) -> bytes:
    """Return the line of one sharing event."""
    findings = event.findings
    recipient = event.recipient
    metadata = dict(event.metadata)
    if event.host:
        metadata.setdefault(semconv.SERVER_ADDRESS, event.host)
    stack: tuple[str, ...] = ()
    if event.code is not None:
        metadata.setdefault(semconv.CODE_FILE, event.code.file)
        metadata.setdefault(semconv.CODE_LINE, event.code.line)
        metadata.setdefault(semconv.CODE_FUNCTION, event.code.function)
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


def gap_record(gap: GapRecord) -> bytes:
    """Return the line that says what was lost."""
    return _line({"k": "gap", **asdict(gap)})


def kind_of_record(record: Record) -> str:
    """Return the kind of a record, as :func:`kind_of` of its line."""
    return _KINDS[type(record)]


def kind_of(line: bytes) -> str:
    """Return the kind of a line that was written here, such as ``share`` or ``tag``."""
    return line[6 : line.index(b'"', 6)].decode("ascii")


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
