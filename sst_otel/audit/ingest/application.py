"""The WSGI application: OTLP/HTTP logs and traces in, rows in the store, an answer when committed.

200 says that everything is in the database, bad records as dead letters. A collector drops for good
what it gets any other answer than 429, 502, 503 or 504 for; so every trouble that may pass is 503,
and one bad record never costs the others of its request.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from sst_otel.audit.ingest import bodies, contents
from sst_otel.audit.ingest.bodies import BodyError
from sst_otel.audit.ingest.contents import Contents
from sst_otel.audit.ingest.counting import Counts
from sst_otel.guard import count_error, say_once

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request as it comes; more is 413. What sends to us stays at a quarter of it."""
MAX_PLAIN = 64 * 1024 * 1024
"""Bytes of a request when it is decompressed."""
_RETRY_AFTER = "5"
_TEXT = "text/plain; charset=utf-8"

StartResponse = Callable[[str, list[tuple[str, str]]], object]
_KINDS: Mapping[str, tuple[type[Any], Callable[[Any], Contents], type[Message]]] = {
    "/v1/logs": (ExportLogsServiceRequest, contents.of_logs, ExportLogsServiceResponse),
    "/v1/traces": (ExportTraceServiceRequest, contents.of_traces, ExportTraceServiceResponse),
}


class Keeping(Protocol):
    """The store, as far as it is needed here."""

    def keep(self, found: Contents) -> int:
        """Write everything in one transaction; return how many dead letters there are among it."""

    def ping(self) -> None:
        """Raise where nothing can be written now."""


class IngestApp:
    """``tokens``: bearers that are taken, several during a rotation; none = everybody."""

    def __init__(self, store: Keeping, tokens: tuple[str, ...], counts: Counts) -> None:
        self._store = store
        self._tokens = [token.encode() for token in tokens]
        self._counts = counts
        self.stopping = False
        """Whether new requests are sent away, to come again."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        try:
            status, headers, body = self._answer(environ)
        except BodyError as error:
            status, headers, body = error.status, {}, f"{error}\n".encode()
        except Exception as error:
            status, headers, body = 503, {}, b"the store takes nothing now\n"
            kind = type(error).__name__
            say_once("ingest", f"a request could not be stored ({kind}); it will come again")
            count_error("ingest", kind)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = _RETRY_AFTER
        headers.setdefault("Content-Type", _TEXT)
        headers["Content-Length"] = str(len(body))
        self._counts.answered(str(environ.get("PATH_INFO")), status)
        start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD")
        if path == "/healthz" and method in ("GET", "HEAD"):
            if self.stopping:
                return 503, {}, b"stopping\n"
            self._store.ping()
            return 200, {}, b"ok\n"
        if not self._may(environ):
            return 401, {"WWW-Authenticate": "Bearer"}, b"a bearer token is needed\n"
        if path == "/metrics" and method in ("GET", "HEAD"):
            return 200, {"Content-Type": f"{_TEXT}; version=0.0.4"}, self._counts.exposed()
        if path not in _KINDS:
            return 404, {}, b"there are /v1/logs, /v1/traces, /healthz and /metrics\n"
        if method != "POST":
            return 405, {"Allow": "POST"}, b"POST it\n"
        if self.stopping:
            return 503, {}, b"stopping\n"
        return self._take(path, environ)

    def _take(self, path: str, environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        kind, sort, response = _KINDS[path]
        media = bodies.media_type(environ.get("CONTENT_TYPE", ""))
        raw = _read(environ)
        body = bodies.plain(raw, environ.get("HTTP_CONTENT_ENCODING", ""), MAX_PLAIN)
        found = sort(bodies.message(kind, body, media))
        dead = self._store.keep(found) if found.records or found.bad else 0
        self._counts.kept(found.records, dead, found.others)
        return 200, {"Content-Type": media}, bodies.written(response(), media)

    def _may(self, environ: dict[str, Any]) -> bool:
        if not self._tokens:
            return True
        scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        offered = given.strip().encode("latin-1", "replace")
        fits = [hmac.compare_digest(offered, token) for token in self._tokens]
        return scheme.lower() == "bearer" and any(fits)


def _read(environ: dict[str, Any]) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise BodyError(400, "Content-Length is no number") from None
    if length > MAX_BODY:
        raise BodyError(413, f"more than {MAX_BODY} bytes")
    body = environ["wsgi.input"].read(length)
    if len(body) != length:
        raise BodyError(400, "the body is cut off")
    return bytes(body)
