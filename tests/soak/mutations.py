"""OTLP requests gone wrong as a sender, a proxy, a disk or an attacker makes them go wrong."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from sst_otel import semconv
from sst_otel.audit.decoding import decode
from sst_otel.audit.ingest.bodies import JSON, PROTOBUF
from sst_otel.audit.otlp import EVENTS, request_of
from sst_otel.audit.records import alias_record, outcome_record, share_record
from sst_otel.shares import new_event_id
from tests.audit.helpers import MINTER, NOW, sealed, share
from tests.audit.ingest.client import as_json

_TYPES = ("email", "phone", "income", "city")
_KEYS = (semconv.EVENT_ID, semconv.TAG_IDS, semconv.DATA_TYPES, semconv.OWNER_REF, "other", "")
_TEXTS = ("", "\0", "ü" * 9, "a\0b", "x" * 9_000, "2026-13-77", "\U0001f600", "']}--")
_JSON = (
    "null",
    "NaN",
    "1e999",
    "-Infinity",
    '"\\ud800"',
    '"\\u0000"',
    "[]",
    "{}",
    "[" * 200,
    "9" * 99,
)


@dataclass(frozen=True, slots=True)
class Body:
    """What is posted to the ingest."""

    raw: bytes
    media: str = PROTOBUF
    encoding: str = ""


def body(chance: random.Random) -> Body:
    """Return a request with one to four records of each kind, mutated once to three times."""
    request = _request(chance)
    for _ in range(chance.randint(0, 2)):
        _mutate_fields(request, chance)
    if chance.random() < 0.3:
        text = as_json(request).decode()
        if chance.random() < 0.7:
            text = _mutate_json(text, chance)
        found = Body(text.encode("utf-8", "surrogatepass"), JSON)
    else:
        found = Body(request.SerializeToString())
    if chance.random() < 0.2:
        found = Body(_mutate_bytes(found.raw, chance), found.media)
    if chance.random() < 0.2:
        packed = gzip.compress(found.raw, 1, mtime=0)
        if chance.random() < 0.5:
            packed = _mutate_bytes(packed, chance)
        found = Body(packed, found.media, "gzip")
    return found


def _request(chance: random.Random) -> ExportLogsServiceRequest:
    lines = []
    for _ in range(chance.randint(1, 4)):
        at = NOW - chance.random() * 4_000_000
        owner = MINTER.owner(str(chance.randrange(9)))
        types = chance.choices(_TYPES, k=chance.randint(1, 3))
        event = share(owner, *types, at=at, event_id=new_event_id(at))
        lines += [share_record(event), outcome_record(event.event_id, "sent", at)]
    known = MINTER.owner(str(chance.randrange(9)))
    lines.append(alias_record(f"visitor{chance.randrange(99)}", known.ref, sealed(known), NOW))
    return request_of(map(decode, lines))


def _mutate_fields(request: ExportLogsServiceRequest, chance: random.Random) -> None:
    """Change one record so that it still is protobuf."""
    logs = request.resource_logs[0].scope_logs[0].log_records
    chance.choice(_CHANGES)(chance.choice(logs), chance)


def _other_value(log: LogRecord, chance: random.Random) -> None:
    if log.attributes:
        chance.choice(log.attributes).value.CopyFrom(_value(chance, 0))


def _other_key(log: LogRecord, chance: random.Random) -> None:
    if log.attributes:
        chance.choice(log.attributes).key = chance.choice(_KEYS)


def _another(log: LogRecord, chance: random.Random) -> None:
    pair = log.attributes.add(key=chance.choice(_KEYS))
    pair.value.CopyFrom(_value(chance, 0))


def _fewer(log: LogRecord, chance: random.Random) -> None:
    if log.attributes:
        del log.attributes[chance.randrange(len(log.attributes))]


def _other_name(log: LogRecord, chance: random.Random) -> None:
    log.event_name = chance.choice([*sorted(EVENTS), "somebody.else", ""])


def _other_time(log: LogRecord, chance: random.Random) -> None:
    log.time_unix_nano = chance.choice([0, 1, (1 << 64) - 1, 1 << 63, chance.getrandbits(64)])


def _other_span(log: LogRecord, chance: random.Random) -> None:
    log.trace_id = chance.randbytes(chance.choice([0, 1, 16, 300]))


_CHANGES: tuple[Callable[[LogRecord, random.Random], None], ...] = (
    _other_value,
    _other_key,
    _another,
    _fewer,
    _other_name,
    _other_time,
    _other_span,
)


def _value(chance: random.Random, depth: int) -> AnyValue:
    scalars: list[Any] = [
        AnyValue(),
        AnyValue(bool_value=True),
        AnyValue(int_value=chance.choice([0, -1, (1 << 63) - 1, -(1 << 63)])),
        AnyValue(double_value=chance.choice([0.0, float("nan"), float("inf"), 1e308, 5e-324])),
        AnyValue(bytes_value=chance.randbytes(5)),
        AnyValue(string_value=chance.choice(_TEXTS)),
    ]
    if depth > 20 or chance.random() < 0.7:
        found: AnyValue = chance.choice(scalars)
        return found
    nested = AnyValue()
    for _ in range(chance.randint(0, 2)):
        inner = _value(chance, depth + 1)
        if chance.random() < 0.5:
            nested.array_value.values.append(inner)
        else:
            nested.kvlist_value.values.add(key=chance.choice(_TEXTS)).value.CopyFrom(inner)
    return nested


def _mutate_json(text: str, chance: random.Random) -> str:
    """Put something else in the place of a string or number of a JSON text."""
    places = [found.span() for found in re.finditer(r'"[^"]*"|\d+', text)]
    start, end = chance.choice(places)
    return f"{text[:start]}{chance.choice(_JSON)}{text[end:]}"


def _mutate_bytes(raw: bytes, chance: random.Random) -> bytes:
    found = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        some = slice(at, at + chance.randint(1, 40))
        way = chance.randrange(5)
        if way == 0 and at < len(found):
            found[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            del found[some]
        elif way == 2:
            found[at:at] = chance.randbytes(chance.randint(1, 12))
        elif way == 3:
            found[at:at] = found[some]
        elif chance.random() < 0.2:
            del found[at:]
    return bytes(found)
