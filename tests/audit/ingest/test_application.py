"""The ingest's answers: 200 when committed, 503 for all that may pass, and never 500."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sst_otel.audit.store import Store
from sst_otel.settings import Settings
from tests.audit.ingest.client import PROTOBUF, Client, as_json, letters, rows, some
from tests.audit.rolled import by_rows, rolled_up


class TestTaken:
    def test_protobuf_becomes_rows(self, client: Client, settings: Settings) -> None:
        status, headers, body = client(some().SerializeToString())
        assert (status, headers["Content-Type"]) == (200, PROTOBUF)
        assert ExportLogsServiceResponse.FromString(body) == ExportLogsServiceResponse()
        found = rows(settings)
        assert len(found) == 3
        assert {row["outcome"] for row in found} == {"sent"}
        assert {row["owner_id"] for row in found} == {"42"}
        assert found[0]["trace_id"] == "a" * 32

    def test_json_becomes_the_same_rows(self, client: Client, settings: Settings) -> None:
        request = some()
        status, headers, body = client(as_json(request), media="application/json; charset=utf-8")
        assert (status, headers["Content-Type"], body) == (200, "application/json", b"{}")
        first = rows(settings)
        client(request.SerializeToString())
        assert rows(settings) == first
        assert first[0]["span_id"] == "b" * 16

    @pytest.mark.parametrize(
        ("name", "packed"),
        [
            ("gzip", gzip.compress),
            ("deflate", zlib.compress),
            ("identity", bytes),
            ("gzip", lambda body: gzip.compress(body[:99]) + gzip.compress(body[99:])),
        ],
    )
    def test_compressed(self, name: str, packed: Any, client: Client, settings: Settings) -> None:
        body = packed(some(1).SerializeToString())
        assert client(body, HTTP_CONTENT_ENCODING=name)[0] == 200
        assert len(rows(settings)) == 1

    def test_what_comes_again_adds_nothing(self, client: Client, settings: Settings) -> None:
        body = some().SerializeToString()
        assert [client(body)[0] for _ in range(3)] == [200] * 3
        assert len(rows(settings)) == 3

    def test_events_of_spans_are_lifted(self, client: Client, settings: Settings) -> None:
        logs = some(1).resource_logs[0]
        log = logs.scope_logs[0].log_records[0]
        traces = ExportTraceServiceRequest()
        spans = traces.resource_spans.add(resource=logs.resource).scope_spans.add()
        span = spans.spans.add(trace_id=log.trace_id, span_id=log.span_id, name="POST")
        span.events.add(
            name=log.event_name, time_unix_nano=log.time_unix_nano, attributes=log.attributes
        )
        span.events.add(name="exception")
        spans.spans.add(name="another")
        assert client(traces.SerializeToString(), "/v1/traces")[0] == 200
        assert [row["trace_id"] for row in rows(settings)] == ["a" * 32]

    def test_odd_values_spoil_no_other_row(self, client: Client, settings: Settings) -> None:
        request = some(2)
        record = request.resource_logs[0].scope_logs[0].log_records[0]
        record.time_unix_nano = (1 << 64) - 1
        record.attributes.add(key="score").value.double_value = float("nan")
        for pair in record.attributes:
            if pair.key == "server.address":
                pair.value.int_value = 7
        assert client(request.SerializeToString())[0] == 200
        assert len(rows(settings)) == 2
        store = Store(settings.database_url)
        assert rolled_up(store) == by_rows(store)
        assert letters(client) == []

    def test_others_records_are_left_alone(self, client: Client, settings: Settings) -> None:
        request = some(1)
        request.resource_logs[0].scope_logs[0].log_records.add(body={"string_value": "hello"})
        assert client(request.SerializeToString())[0] == 200
        assert client(b"")[0] == 200
        assert (len(rows(settings)), letters(client)) == (1, [])


class TestDeadLetters:
    def test_a_bad_record_costs_no_other(self, client: Client, settings: Settings) -> None:
        request = some()
        records = request.resource_logs[0].scope_logs[0].log_records
        records.add(event_name="sst.data.share", severity_text="nothing else")
        records.insert(0, records.pop())
        assert client(request.SerializeToString())[0] == 200
        assert len(rows(settings)) == 3
        [(reason, body)] = letters(client)
        assert reason == "unreadable"
        assert b"nothing else" in body
        client(request.SerializeToString())
        assert len(letters(client)) == 1
        assert b"sst_ingest_dead_letters_total 2" in client(path="/metrics", method="GET")[2]

    def test_what_the_database_refuses(self, client: Client, settings: Settings) -> None:
        request = some(4)
        records = request.resource_logs[0].scope_logs[0].log_records
        for pair in records[2].attributes:
            if pair.key == "sst.event.id":
                pair.value.string_value = "refused"
        client(some(1).SerializeToString())
        store: Any = client.app._store
        with store._store._database.writing() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER refusing BEFORE INSERT ON audit_logs WHEN NEW.event_id = 'refused' "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        assert client(request.SerializeToString())[0] == 200
        assert len(rows(settings)) == 4
        assert [reason for reason, _ in letters(client)] == ["refused"]


def test_metrics_tell_what_was_done(client: Client) -> None:
    client(some().SerializeToString())
    client(b"\xff")
    client(path="/elsewhere")
    status, headers, body = client(path="/metrics", method="GET")
    text = body.decode()
    assert status == 200
    assert headers["Content-Type"].endswith("version=0.0.4")
    assert 'sst_ingest_requests_total{path="/v1/logs",status="200"} 1\n' in text
    assert 'sst_ingest_requests_total{path="/v1/logs",status="400"} 1\n' in text
    assert 'sst_ingest_requests_total{path="other",status="404"} 1\n' in text
    assert 'sst_ingest_records_total{kind="share"} 3\n' in text
    assert "# TYPE sst_ingest_lag_seconds gauge\n" in text
    for path in ("/metrics", "/healthz"):
        assert client(path=path, method="HEAD")[0] == 200
