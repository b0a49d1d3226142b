"""The whole trace of one request that calls out, by each client library, as its readers see it.

Versions of libraries and paths stand in it as they are: a change of either is to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry import trace
from opentelemetry.trace import SpanKind

import sst_otel
from tests.support import Vendor, tracking_in
from tests.telemetry import calling
from tests.telemetry.exporting import Exported
from tests.telemetry.traces import tree

IN_PLAY = {"enduser.pseudo.id": "OWNER", "sst.tag.ids": ["TAG"]}
REQUEST: dict[str, Any] = {
    "name": "GET /shop",
    "kind": "SERVER",
    "parent": None,
    "status": "UNSET",
    "attributes": IN_PLAY,
    "events": [],
}
EVENT = {
    "http.route": "/shop",
    "code.file.path": "calling.py",
    "code.line.number": "LINE",
    "sst.key.id": "KEY",
    "sst.recipient.country": "unknown",
    "sst.recipient.role": "unknown",
    "sst.recipient.purpose": "unknown",
    "sst.evidence": ["exact"],
    "sst.tag.ids": ["TAG"],
    "sst.data.types": ["email"],
    "sst.recipient.name": "unknown",
    "sst.event.type": "external_api",
    "enduser.pseudo.id": "OWNER",
    "sst.event.id": "EVENT",
}
POSTED = {
    **EVENT,
    "http.request.method": "POST",
    "server.address": "127.0.0.1",
    "server.port": "PORT",
    "sst.destination": "POST 127.0.0.1/v1/contact",
    "sst.payload.paths": ["json.mail"],
}
CALLED = {
    "http.request.method": "POST",
    "http.response.status_code": 200,
    "url.full": "http://127.0.0.1:PORT/v1/contact",
}
SERVED = {"server.address": "127.0.0.1", "server.port": "PORT"}
ANSWERED = {
    **SERVED,
    "network.peer.address": "127.0.0.1",
    "network.peer.port": "PORT",
    "network.protocol.version": "1.1",
}
STORE = {"db.system.name": "sqlite", "db.namespace": "FOLDER/app.db"}


def client(
    attributes: dict[str, Any], event: dict[str, Any] | None, name: str = "POST"
) -> dict[str, Any]:
    """Return a client span below the request, with a share or without."""
    sent = {} if event is None else {"sst.outcome": "sent"}
    return {
        "name": name,
        "kind": "CLIENT",
        "parent": "GET /shop",
        "status": "UNSET",
        "attributes": {**IN_PLAY, **attributes, **sent},
        "events": [] if event is None else [{"name": "sst.data.share", "attributes": event}],
    }


def by(name: str, event: dict[str, Any] = POSTED) -> dict[str, Any]:
    return {**event, "code.function.name": name}


def statement(operation: str, query: str, event: dict[str, Any] | None = None) -> dict[str, Any]:
    name = f"{operation} FOLDER/app.db"
    return client({**STORE, "db.operation.name": name, "db.query.text": query}, event, name)


AGENT = {"user_agent.original": f"python-requests/{requests.__version__}"}
TRACES: dict[Callable[[str, Path], None], list[dict[str, Any]]] = {
    calling.by_requests: [client({**CALLED, **ANSWERED, **AGENT}, by("by_requests"))],
    calling.by_urllib3: [client(CALLED, by("by_urllib3"))],
    calling.by_urllib: [client(CALLED, {**by("by_urllib"), "sst.payload.paths": ["data.mail"]})],
    calling.by_httpx: [client({**CALLED, **ANSWERED}, by("by_httpx"))],
    calling.by_aiohttp: [client({**CALLED, **SERVED}, by("post"))],
    calling.by_openai: [
        client(
            {**CALLED, **ANSWERED, "url.full": "http://127.0.0.1:PORT/v1/responses"},
            {
                **by("by_openai"),
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "m",
                "sst.destination": "OpenAI/127.0.0.1:responses.create",
                "sst.payload.paths": ["input"],
            },
        )
    ],
    calling.by_sqlalchemy: [
        client(STORE, None, "connect"),
        statement("CREATE", "CREATE TABLE people (mail TEXT)"),
        statement(
            "INSERT",
            "INSERT INTO people (mail) VALUES (?)",
            {
                **by("by_sqlalchemy", EVENT),
                "db.system.name": "sqlite",
                "db.operation.name": "INSERT",
                "db.collection.name": "people",
                "sst.event.type": "database_write",
                "sst.destination": "sqlite people(mail)",
                "sst.payload.paths": ["people.mail"],
                "sst.recipient.name": "own database",
                "sst.recipient.purpose": "storage",
                "sst.recipient.role": "first_party",
            },
        ),
    ],
}


def trace_of(
    call: Callable[[str, Path], None], exported: Exported, vendor: Vendor, folder: Path
) -> list[dict[str, Any]]:
    """Return the trace of a request that makes ``call``."""
    server = trace.get_tracer("test").start_as_current_span("GET /shop", kind=SpanKind.SERVER)
    with tracking_in(folder) as tracking:
        with server, sst_otel.scope(1, name="/shop"):
            sst_otel.tag(calling.MAIL, "email")
            call(vendor.url, folder)
        (row,) = tracking.rows()
        assert tracking.errors() == {}
        running = tracking.tracker
        names = {
            vendor.port: "PORT",
            running.tagger.owner("1").ref: "OWNER",
            row["tag_ids"][0]: "TAG",
            running.keys.key_id: "KEY",
            str(folder): "FOLDER",
        }
    return tree(exported.spans.get_finished_spans(), names)


@pytest.mark.parametrize("call", TRACES, ids=lambda call: call.__name__)
def test_the_stable_names(
    call: Callable[[str, Path], None],
    exported: Exported,
    vendor: Vendor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with calling.instrumented("http,database", monkeypatch):
        found = trace_of(call, exported, vendor, tmp_path)
    assert found == [REQUEST, *TRACES[call]]


@pytest.mark.parametrize("mode", ["", "http/dup,database/dup"])
@pytest.mark.parametrize("call", TRACES, ids=lambda call: call.__name__)
def test_the_event_is_the_same_in_the_other_modes(
    call: Callable[[str, Path], None],
    mode: str,
    exported: Exported,
    vendor: Vendor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever names the client's instrumentation writes on its span; and no span is added."""
    with calling.instrumented(mode, monkeypatch):
        found = trace_of(call, exported, vendor, tmp_path)
    expected = TRACES[call]
    assert len(found) == len(expected) + 1
    assert found[-1]["events"] == expected[-1]["events"]
    names = set(found[-1]["attributes"])
    assert {"http.method", "db.system"} & names
    assert bool({"http.request.method", "db.system.name"} & names) is bool(mode)
