"""Audit records as OTLP log records, and back: what travels to a collector and to the ingest.

Attributes are those of design 4.3 (``docs/semantic-conventions.md``), so that any backend for logs
can read them. What an event's metadata holds beside them stands there under its own names, and
every attribute that is none of ours is metadata again when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_INFO, LogRecord, ScopeLogs

from sst_otel import semconv
from sst_otel.audit.decoding import CorruptRecord, checked
from sst_otel.audit.records import (
    AliasRecord,
    GapRecord,
    OutcomeRecord,
    Record,
    ShareRecord,
    TagRecord,
)

SCOPE = "sst_otel.audit"
"""Name of the instrumentation scope of the log records made here."""

_SHARE = {
    semconv.EVENT_ID: "event_id",
    semconv.EVENT_TYPE: "event_type",
    semconv.OWNER_REF: "owner_ref",
    semconv.OWNER_SEALED: "owner_sealed",
    semconv.DESTINATION: "destination",
    semconv.RECIPIENT_NAME: "recipient_name",
    semconv.RECIPIENT_PURPOSE: "purpose",
    semconv.RECIPIENT_COUNTRY: "country",
    semconv.RECIPIENT_ROLE: "role",
    semconv.KEY_ID: "key_id",
    semconv.DATA_TYPES: "data_types",
    semconv.TAG_IDS: "tag_ids",
    semconv.EVIDENCE: "evidence",
    semconv.PAYLOAD_PATHS: "paths",
}
_TAG = {
    semconv.TAG_ID: "tag_id",
    semconv.OWNER_REF: "owner_ref",
    semconv.OWNER_SEALED: "owner_sealed",
    semconv.DATA_TYPE: "data_type",
    semconv.TAG_SOURCE: "source",
    semconv.TAG_LINEAGE: "lineage",
    semconv.TAG_TRANSFORMATIONS: "transformations",
}
_OUTCOME = {semconv.EVENT_ID: "event_id", semconv.OUTCOME: "outcome"}
_ALIAS = {
    semconv.ALIAS_PSEUDONYM: "pseudonym_ref",
    semconv.OWNER_REF: "owner_ref",
    semconv.OWNER_SEALED: "owner_sealed",
}
_GAP = {
    semconv.GAP_ID: "gap_id",
    semconv.GAP_SINCE: "since",
    semconv.GAP_LOST: "lost",
    semconv.GAP_REASON: "reason",
}
_KINDS: dict[str, tuple[str, Mapping[str, str]]] = {
    semconv.EVENT_SHARE: ("share", _SHARE),
    semconv.EVENT_COLLECT: ("tag", _TAG),
    semconv.EVENT_OUTCOME: ("outcome", _OUTCOME),
    semconv.EVENT_ALIAS: ("alias", _ALIAS),
    semconv.EVENT_GAP: ("gap", _GAP),
}
EVENTS = frozenset(_KINDS)
"""Names of the log records that are read here; others are somebody else's."""


def request_of(records: Iterable[Record]) -> ExportLogsServiceRequest:
    """Return what is sent for ``records``; their order is kept within a service."""
    request = ExportLogsServiceRequest()
    scopes: dict[str, ScopeLogs] = {}
    for record in records:
        service = record.service if isinstance(record, (ShareRecord, GapRecord)) else ""
        scope = scopes.get(service)
        if scope is None:
            logs = request.resource_logs.add()
            if service:
                _put(logs.resource.attributes.add(), semconv.SERVICE_NAME, service)
            scope = scopes[service] = logs.scope_logs.add()
            scope.scope.name = SCOPE
        _fill(scope.log_records.add(), record)
    return request


def record_of(log: LogRecord, resource: Mapping[str, Any]) -> Record:
    """Return the record that a log record with a name of :data:`EVENTS` stands for.

    ``resource``: attributes of its resource, as :func:`attributes_of` gives them. Raises
    :class:`~sst_otel.audit.decoding.CorruptRecord`.
    """
    kind, names = _KINDS[log.event_name]
    fields: dict[str, Any] = {"k": kind, "at": log.time_unix_nano / 1e9, "owner_sealed": ""}
    rest: dict[str, Any] = {}
    try:
        for pair in log.attributes:
            name = names.get(pair.key)
            if name is None:
                rest[pair.key] = _value(pair.value)
            else:
                fields[name] = _value(pair.value)
    except RecursionError:
        raise CorruptRecord("attributes without bottom") from None
    if kind in ("share", "gap"):
        fields["service"] = resource.get(semconv.SERVICE_NAME, "")
    if kind == "share":
        fields["route"] = rest.pop(semconv.HTTP_ROUTE, "") or rest.pop(semconv.JOB, "")
        stack = rest.pop(semconv.CODE_STACKTRACE, "")
        fields["stack"] = stack.split("\n") if isinstance(stack, str) and stack else []
        fields["metadata"] = rest
        fields["trace_id"] = log.trace_id.hex()
        fields["span_id"] = log.span_id.hex()
    return checked(fields)


def attributes_of(pairs: Sequence[KeyValue]) -> dict[str, Any]:
    """Return attributes as Python has them; maps, arrays and bytes (in hex) among them."""
    return {pair.key: _value(pair.value) for pair in pairs}


def _fill(log: LogRecord, record: Record) -> None:
    log.event_name = _NAMES[type(record)]
    log.severity_number = SEVERITY_NUMBER_INFO
    log.time_unix_nano = log.observed_time_unix_nano = round(record.at * 1_000_000) * 1000
    pairs = log.attributes
    if isinstance(record, ShareRecord):
        log.trace_id, log.span_id = _bytes(record.trace_id), _bytes(record.span_id)
        for name, value in record.metadata.items():
            if name not in _OURS:
                _put(pairs.add(), name, value)
        if record.route:
            place = semconv.HTTP_ROUTE if record.route.startswith("/") else semconv.JOB
            _put(pairs.add(), place, record.route)
        if record.stack:
            _put(pairs.add(), semconv.CODE_STACKTRACE, "\n".join(record.stack))
    for name, field in _KINDS[log.event_name][1].items():
        _put(pairs.add(), name, getattr(record, field))


def _bytes(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:  # a damaged journal's
        return b""


def _put(pair: KeyValue, key: str, value: Any) -> None:
    pair.key = key
    _set(pair.value, value)


def _set(to: AnyValue, value: Any) -> None:
    if isinstance(value, str):
        to.string_value = value
    elif isinstance(value, bool):
        to.bool_value = value
    elif isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        to.int_value = value
    elif isinstance(value, float):
        to.double_value = value
    elif isinstance(value, Mapping):
        to.kvlist_value.SetInParent()
        for key, item in value.items():
            _put(to.kvlist_value.values.add(), key, item)
    elif isinstance(value, (list, tuple)):
        to.array_value.SetInParent()
        for item in value:
            _set(to.array_value.values.add(), item)
    elif value is not None:
        to.string_value = str(value)  # a number beyond 64 bits


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "string_value":  # most are
        return value.string_value
    return None if kind is None else _READERS[kind](value)


_READERS: dict[str, Callable[[AnyValue], Any]] = {
    "bool_value": lambda value: value.bool_value,
    "int_value": lambda value: value.int_value,
    "double_value": lambda value: value.double_value,
    "bytes_value": lambda value: value.bytes_value.hex(),
    "array_value": lambda value: [_value(item) for item in value.array_value.values],
    "kvlist_value": lambda value: attributes_of(value.kvlist_value.values),
}
_NAMES: Mapping[type[Any], str] = {
    ShareRecord: semconv.EVENT_SHARE,
    TagRecord: semconv.EVENT_COLLECT,
    OutcomeRecord: semconv.EVENT_OUTCOME,
    AliasRecord: semconv.EVENT_ALIAS,
    GapRecord: semconv.EVENT_GAP,
}
_OURS = frozenset(_SHARE) | {semconv.HTTP_ROUTE, semconv.JOB, semconv.CODE_STACKTRACE}
"""What no metadata may be called: it would be read back as something else."""
