"""Calls the ingest as a server does, and looks at what it has stored."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from sqlalchemy import select

from sst_otel.audit import models
from sst_otel.audit.database import PATIENCE_SECONDS
from sst_otel.audit.decoding import decode
from sst_otel.audit.ingest.application import IngestApp
from sst_otel.audit.ingest.counting import Counts
from sst_otel.audit.ingest.keeping import StoreKeeping
from sst_otel.audit.log import open_reader
from sst_otel.audit.otlp import request_of
from sst_otel.audit.records import outcome_record, share_record
from sst_otel.settings import Settings
from tests.audit.helpers import KEYS, NOW, share

PROTOBUF = "application/x-protobuf"


class Client:
    """Calls the application as a server does."""

    def __init__(self, url: str, *tokens: str, patience: float = PATIENCE_SECONDS) -> None:
        self.app = IngestApp(StoreKeeping(url, 2, patience), tokens, Counts())

    def __call__(
        self,
        body: bytes = b"",
        path: str = "/v1/logs",
        method: str = "POST",
        media: str = PROTOBUF,
        **environ: str,
    ) -> tuple[int, dict[str, str], bytes]:
        said: list[Any] = []
        given = {
            "PATH_INFO": path,
            "REQUEST_METHOD": method,
            "CONTENT_TYPE": media,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **environ,
        }
        answer = b"".join(self.app(given, lambda *args: said.append(args)))
        [(status, headers)] = said
        length = int(dict(headers)["Content-Length"])
        assert (length > 0, answer) == (True, b"") if method == "HEAD" else length == len(answer)
        return int(status.split()[0]), dict(headers), answer


def rows(settings: Settings) -> list[dict[str, Any]]:
    reader = open_reader(settings, KEYS)
    try:
        return reader.audit_logs(viewer=None)[0]
    finally:
        reader.close()


def letters(client: Client) -> list[tuple[str, bytes]]:
    store: Any = client.app._store
    table = models.DeadLetter.__table__.c
    with store._store.reading() as connection:
        return [tuple(row) for row in connection.execute(select(table.reason, table.body))]


def some(count: int = 3) -> ExportLogsServiceRequest:
    lines = []
    for _ in range(count):
        event = share("42")
        lines += [share_record(event), outcome_record(event.event_id, "sent", NOW)]
    return request_of(map(decode, lines))


def as_json(request: Any) -> bytes:
    """Return a request as OTLP has it: with ids in hex."""

    def hexed(value: Any) -> Any:
        if isinstance(value, list):
            return [hexed(item) for item in value]
        if isinstance(value, dict):
            return {
                key: base64.b64decode(item).hex()
                if key in ("traceId", "spanId", "parentSpanId")
                else hexed(item)
                for key, item in value.items()
            }
        return value

    return json.dumps(hexed(MessageToDict(request))).encode()
