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
    destination: str
    """What a person reads; empty = made from method, host and path by the register."""
    host: str
    """The host the application asked for (URL), never a proxy's address; empty for databases."""
    port: int | None
    method: str
    path: str
    parts: tuple[Part, ...]
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
"""Random bytes of events to come, ten each: in a sandbox (gVisor) asking costs as much as all else
about an event."""


def _random_bytes() -> bytes:
    try:
        return _random.pop()
    except IndexError:
        many = secrets.token_bytes(10 * _AT_ONCE)
        _random.extend(many[at : at + 10] for at in range(10, len(many), 10))
        return many[:10]


os.register_at_fork(after_in_child=_random.clear)  # or parent and child gave the same ids


def new_event_id(at: float) -> str:
    """Return a UUIDv7 for the time ``at`` (epoch seconds), RFC 9562 section 5.7."""
    milliseconds = int(at * 1000) & ((1 << 48) - 1)
    random = int.from_bytes(_random_bytes(), "big")
    high = (milliseconds << 16) | 0x7000 | (random >> 68)
    low = (0b10 << 62) | (random & ((1 << 62) - 1))
    text = f"{high & ((1 << 64) - 1):016x}{low:016x}"
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
