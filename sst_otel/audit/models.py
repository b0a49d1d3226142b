"""The tables of the audit store (design 4.4), for SQLite and PostgreSQL alike.

Event rows point to people and tags by random surrogates (``subject``, ``records``), so that erasing
a person's ``subjects``, ``aliases`` and ``provenance_records`` rows leaves nothing that the
installation's key could recompute. Hence no foreign keys there: the event rows stay as they are.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    LargeBinary,
    String,
    Text,
)

from sst_otel.audit.base import Base as Base
from sst_otel.audit.columns import EVENT_ID, UtcTime
from sst_otel.audit.seals.models import SealBatch as SealBatch
from sst_otel.audit.seals.models import SealBlock as SealBlock
from sst_otel.audit.seals.models import SealSalt as SealSalt
from sst_otel.audit.seals.models import Verification as Verification

_BY_ID = {"postgresql_partition_by": "RANGE (event_id)"}
"""PostgreSQL has a partition a month, see :mod:`sst_otel.audit.partitions`."""


class Subject(Base):  # type: ignore[misc]
    """A person, or a visitor not known yet, under a random surrogate."""

    __tablename__ = "subjects"

    subject = Column(String, primary_key=True)
    owner_ref = Column(String, nullable=False, unique=True)
    sealed = Column(String, nullable=False)
    """The application's own owner id, encrypted; ``""`` for a pseudonym."""


class Alias(Base):  # type: ignore[misc]
    """A visitor's pseudonym turned out to be a person; both are ``subjects.subject``."""

    __tablename__ = "aliases"

    pseudonym = Column(String, primary_key=True)
    subject = Column(String, nullable=False, index=True)
    at = Column(UtcTime, nullable=False)


class ProvenanceRecord(Base):  # type: ignore[misc]
    """One personal datum of one person; ``data_type`` is ``""`` while only a child named it."""

    __tablename__ = "provenance_records"

    id = Column(String, primary_key=True)
    tag_id = Column(String, nullable=False, unique=True)
    subject = Column(String)
    data_type = Column(String, nullable=False)
    first_seen = Column(UtcTime, nullable=False)

    __table_args__ = (
        Index("ix_provenance_records_first_seen", "first_seen", "id"),
        Index("ix_provenance_records_subject", "subject", "first_seen"),
        Index("ix_provenance_records_data_type", "data_type", "first_seen"),
    )


class TagSource(Base):  # type: ignore[misc]
    """Where a datum was seen, and for a derived one, from what and how it was made."""

    __tablename__ = "tag_sources"

    id = Column(String, primary_key=True)
    """Digest of the other columns, so that every process may report the same."""
    record = Column(String, nullable=False, index=True)
    source = Column(String, nullable=False)
    lineage = Column(JSON, nullable=False)
    """``provenance_records.id`` of the parents."""
    transformations = Column(JSON, nullable=False)


class TagParent(Base):  # type: ignore[misc]
    """A derived datum and one it was made of: ``tag_sources.lineage``, to be walked both ways."""

    __tablename__ = "tag_parents"

    record = Column(String, primary_key=True)
    parent = Column(String, primary_key=True)

    __table_args__ = (Index("ix_tag_parents_parent", "parent", "record"),)


class Stack(Base):  # type: ignore[misc]
    """The application frames of a share, stored once; ``id`` is their digest."""

    __tablename__ = "stacks"

    id = Column(String, primary_key=True)
    frames = Column(JSON, nullable=False)


class AuditLog(Base):  # type: ignore[misc]
    """One outgoing call that carried personal data of one person. Rows are only inserted."""

    __tablename__ = "audit_logs"

    event_id = Column(EVENT_ID, primary_key=True)
    event_type = Column(String, nullable=False)
    timestamp = Column(UtcTime, nullable=False)
    subject = Column(String)
    """None where the person could not be told."""
    service = Column(String, nullable=False)
    route = Column(String, nullable=False)
    destination = Column(Text, nullable=False)
    recipient_name = Column(String, nullable=False)
    purpose = Column(String, nullable=False)
    country = Column(String, nullable=False)
    role = Column(String, nullable=False)
    data_types = Column(JSON, nullable=False)
    records = Column(JSON, nullable=False)
    """``provenance_records.id``, in the order of data_types, evidence and paths."""
    evidence = Column(JSON, nullable=False)
    paths = Column(JSON, nullable=False)
    details = Column("metadata", JSON, nullable=False)  # declarative keeps "metadata" for itself
    stack_id = Column(String)
    key_id = Column(String, nullable=False)
    trace_id = Column(String, nullable=False)
    span_id = Column(String, nullable=False)
    received_at = Column(UtcTime, nullable=False)

    __table_args__ = (
        Index("ix_audit_logs_timestamp", "timestamp", "event_id"),
        Index("ix_audit_logs_subject", "subject", "timestamp"),
        Index("ix_audit_logs_recipient", "recipient_name", "timestamp"),
        Index("ix_audit_logs_event_type", "event_type", "timestamp"),
        Index("ix_audit_logs_destination", "destination", "timestamp"),
        Index("ix_audit_logs_trace", "trace_id"),
        Index("ix_audit_logs_stack", "stack_id"),
        _BY_ID,
    )


class AuditLogRecord(Base):  # type: ignore[misc]
    """Which data went out in which event: for the filter by type and for ``last_seen``."""

    __tablename__ = "audit_log_records"

    event_id = Column(EVENT_ID, primary_key=True)
    record = Column(String, primary_key=True)
    data_type = Column(String, nullable=False)
    timestamp = Column(UtcTime, nullable=False)

    __table_args__ = (
        Index("ix_audit_log_records_record", "record", "timestamp"),
        Index("ix_audit_log_records_data_type", "data_type", "event_id"),
        _BY_ID,
    )


class AuditFlowDay(Base):  # type: ignore[misc]
    """How many events of a day took data of a type to a recipient; nobody's person is in it.

    ``data_type`` is ``""`` for the events as a whole. The view ``audit_flow`` sums the types up:
    ``service, recipient, data_type, first_seen, last_seen, events``.
    """

    __tablename__ = "audit_flow_days"

    day = Column(UtcTime, primary_key=True)
    """Its beginning, in UTC."""
    service = Column(String, primary_key=True)
    recipient = Column(String, primary_key=True)
    purpose = Column(String, primary_key=True)
    country = Column(String, primary_key=True)
    role = Column(String, primary_key=True)
    host = Column(String, primary_key=True)
    """``server.address`` of the events; ``""`` where they had none."""
    data_type = Column(String, primary_key=True)
    first_seen = Column(UtcTime, nullable=False)
    last_seen = Column(UtcTime, nullable=False)
    events = Column(BigInteger, nullable=False)


class Outcome(Base):  # type: ignore[misc]
    """What became of an event; several rows where it changed, the latest counts."""

    __tablename__ = "outcomes"

    event_id = Column(EVENT_ID, primary_key=True)
    at = Column(UtcTime, primary_key=True)
    outcome = Column(String, primary_key=True)

    __table_args__ = _BY_ID


class Gap(Base):  # type: ignore[misc]
    """Records of a process that were lost; what the log does not hold, it says."""

    __tablename__ = "gaps"

    id = Column(String, primary_key=True)
    service = Column(String, nullable=False)
    since = Column(UtcTime, nullable=False)
    until = Column(UtcTime, nullable=False, index=True)
    lost = Column(JSON, nullable=False)
    """Kind of record to how many."""
    reason = Column(String, nullable=False)


class DeadLetter(Base):  # type: ignore[misc]
    """A record that could not be read, or that the database would not take."""

    __tablename__ = "dead_letters"

    id = Column(String, primary_key=True)
    """Digest of the body, so that what comes again is one."""
    at = Column(UtcTime, nullable=False, index=True)
    reason = Column(String, nullable=False)
    """``unreadable`` or ``refused``."""
    body = Column(LargeBinary, nullable=False)
    """An OTLP log record, in protobuf."""


class Erasure(Base):  # type: ignore[misc]
    """A person was erased: when, and how many rows went. Nothing tells who it was."""

    __tablename__ = "erasures"

    id = Column(String, primary_key=True)
    """UUIDv7."""
    at = Column(UtcTime, nullable=False)
    removed = Column(JSON, nullable=False)
    """What was removed to how many: tables, and ``journal_records``."""


class Tombstone(Base):  # type: ignore[misc]
    """Somebody was erased whose older records may still arrive; forgotten by itself."""

    __tablename__ = "tombstones"

    digest = Column(String, primary_key=True)
    """Of the owner_ref, see :mod:`sst_otel.audit.tombstones`."""
    erased_at = Column(UtcTime, nullable=False)
    until = Column(UtcTime, nullable=False)
    """When it counts no more, and is removed."""
    subject = Column(String)
    """Who is still to be erased: a visitor who only then turned out to be the person."""


class JournalOffset(Base):  # type: ignore[misc]
    """How far a journal has been read, committed with the rows read from it."""

    __tablename__ = "journal_offsets"

    name = Column(String, primary_key=True)
    position = Column(BigInteger, nullable=False)
    at = Column(UtcTime, nullable=False)
