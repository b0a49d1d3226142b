"""The shapes that travel from a sink to the audit log: Part, Call, Finding, SharingEvent."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sst_otel.tags import Tag

_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of an outgoing payload, as the client library was given it or will send it."""

    where: str
    """``url``, ``headers``, ``body``, ``json``, ``params``, ``data``, …, ``table:NAME``."""
    value: Any
    """Text, bytes or an object tree; for ``headers`` a list of pairs. Never an iterator: one-shot
    streams come by ``Share.part``."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that may carry personal data out of the process."""

    kind: str
    """``external_api`` | ``database_write`` | … (design 4.3); ``http_request`` is decided later."""
    destination: str = ""
    """What a person reads; empty = made from method, host and path by the register."""
    host: str = ""
    """The host the application asked for (URL), never a proxy's address; empty for what has none:
    a file, a log, a database of this machine."""
    port: int | None = None
    method: str = ""
    """Of HTTP."""
    path: str = ""
    parts: tuple[Part, ...] = ()
    span: Any = None
    """The client span of the call where the library's instrumentation keeps it to itself."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Further OpenTelemetry attributes of the call (``db.*``, ``gen_ai.*``), no personal value."""
    own: bool = False
    """Whether a database or a broker is the application's own."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One personal datum of one person recognised in a call."""

    tag: Tag
    evidence: str
    """``exact`` | ``normalized`` | ``encoded`` | ``hashed`` | ``derived`` | ``composed`` |
    ``field`` (design rule 5)."""
    path: str
    """Where in the payload, e.g. ``body.user_data.em``; keys that could be personal are masked."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who stands behind a destination, from the register; ``unknown`` where it does not say."""

    name: str = "unknown"
    purpose: str = "unknown"
    role: str = "unknown"
    """``processor`` | ``third_party`` | ``first_party`` | ``unknown``."""
    country: str = "unknown"
    """ISO 3166-1 alpha-2, or ``unknown``."""


@dataclass(frozen=True, slots=True)
class CodeLocation:
    """The application's line that shared, and the stack of application frames above it."""

    file: str
    line: int
    function: str
    stack: tuple[str, ...] = ()
    """``file:line in function`` of each application frame, outermost first; no locals, no code."""


@dataclass(frozen=True, slots=True)
class SharingEvent:
    """One outgoing call that carried personal data of one owner."""

    event_id: str
    """UUIDv7 in the usual hyphenated form."""
    kind: str
    at: float
    """When the call began, seconds since the epoch, UTC."""
    owner_ref: str
    owner_sealed: str
    """The application's own owner id, AES-GCM under a key derived from SST_KEY; ``""`` = none."""
    findings: tuple[Finding, ...]
    """At least one; one per tag of this owner."""
    recipient: Recipient
    destination: str
    host: str
    service: str
    route: str
    code: CodeLocation | None
    trace_id: str
    """32 lower-case hex digits, or ``""``."""
    span_id: str
    key_id: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Scalars, lists and mappings of them; never a personal value."""


_random: list[bytes] = []
"""Random bytes of events to come, eight each: in a sandbox (gVisor) asking costs as much as all
else about an event."""
_newest = (0, 0)
"""Millisecond of the newest id, and how many that millisecond had before it."""


def _random_bytes() -> bytes:
    try:
        return _random.pop()
    except IndexError:
        many = secrets.token_bytes(8 * _AT_ONCE)
        _random.extend(many[at : at + 8] for at in range(8, len(many), 8))
        return many[:8]


os.register_at_fork(after_in_child=_random.clear)  # or parent and child gave the same ids


def new_event_id(at: float) -> str:
    """Return a UUIDv7 for the time ``at`` (epoch seconds), RFC 9562 section 5.7.

    Ids of one millisecond sort as they were made (section 6.2, method 1), so that the events of one
    call keep the order of their owners. Two threads of one millisecond may take the same place in
    it: the random part tells those ids apart, their order is either.
    """
    global _newest
    milliseconds = int(at * 1000) & ((1 << 48) - 1)
    latest, before = _newest
    place = min(before + 1, 0xFFF) if milliseconds == latest else 0
    _newest = (milliseconds, place)
    low = (0b10 << 62) | (int.from_bytes(_random_bytes(), "big") >> 2)
    text = f"{(milliseconds << 16) | 0x7000 | place:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def event_dict(event: SharingEvent) -> dict[str, Any]:
    """Return an event as the seed's storage callback gets it; no personal value in it."""
    return {
        "event_id": event.event_id,
        "event_type": event.kind,
        "timestamp": event.at,
        "owner_id": event.owner_ref,
        "destination": event.destination,
        "recipient": event.recipient.name,
        "purpose": event.recipient.purpose,
        "country": event.recipient.country,
        "service": event.service,
        "route": event.route,
        "data_types": list(dict.fromkeys(finding.tag.data_type for finding in event.findings)),
        "tag_ids": [finding.tag.tag_id for finding in event.findings],
        "evidence": [finding.evidence for finding in event.findings],
        "paths": [finding.path for finding in event.findings],
        "trace_id": event.trace_id,
        "span_id": event.span_id,
        "metadata": dict(event.metadata),
        "stack_trace": list(event.code.stack) if event.code is not None else [],
    }
