"""The shapes that travel from a sink to the audit log: Part, Call, Finding, SharingEvent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sst_otel.tags import Tag


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
