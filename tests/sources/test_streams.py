"""What a streamed response sends while it is being streamed belongs to its request."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import pytest
import requests
from flask import Flask, Response, request, send_file, stream_with_context

from sst_otel.lifetime import KEPT_SCOPES, KEPT_SECONDS, sweep
from sst_otel.registry.identity import IDS
from sst_otel.scope import PROCESS, current_scope
from tests.support import Tracking, Vendor

FORM = {"email": "maria.schneider@example.com", "city": "Leipzig"}


@pytest.fixture
def app(vendor: Vendor) -> Flask:
    app = Flask(__name__)

    def tell(city: str, then: str = "done") -> Iterator[str]:
        yield "begun\n"
        requests.post(f"{vendor.url}/v1", json={"city": city}, timeout=5)
        yield then

    @app.post("/plain")
    def plain() -> Response:
        return Response(tell(request.form["city"]), mimetype="text/plain")

    @app.post("/with-context")
    def with_context() -> Response:
        return Response(stream_with_context(tell(request.form["city"])))

    @app.post("/late-trouble")
    def late_trouble() -> Response:
        def pieces() -> Iterator[str]:
            yield "begun\n"
            raise ZeroDivisionError

        return Response(pieces())

    @app.get("/file")
    def file() -> Response:
        request.args.get("city")
        return send_file(__file__)

    return app


@pytest.mark.parametrize("path", ["/plain", "/with-context"])
def test_a_weak_value_sent_by_a_generator_is_known(
    app: Flask, tracking: Tracking, path: str
) -> None:
    response = app.test_client().post(path, data=FORM, buffered=False)
    assert [*response.response] == [b"begun\n", b"done"]
    response.close()
    assert [types for _, _, types in tracking.shares()] == [("city",)]
    assert [row["route"] for row in tracking.rows()] == [path]


def test_the_scope_is_left_between_two_pieces(app: Flask, tracking: Tracking) -> None:
    response = app.test_client().post("/plain", data=FORM, buffered=False)
    for _ in response.response:
        assert current_scope() is PROCESS
    response.close()


def test_values_stay_known_as_long_as_the_stream(app: Flask, tracking: Tracking) -> None:
    client = app.test_client()
    response = client.post("/plain", data=FORM, buffered=False)
    pieces = iter(response.response)
    assert next(pieces) == b"begun\n"
    for _ in range(2 * KEPT_SCOPES):
        client.post("/late-trouble", data={"city": "Bremen"}).close()
    sweep(time.monotonic() + 10 * KEPT_SECONDS)
    assert next(pieces) == b"done"
    response.close()
    assert [types for _, _, types in tracking.shares()] == [("city",)]


def test_a_stream_that_ended_keeps_nothing(app: Flask, tracking: Tracking) -> None:
    before = len(IDS)
    client = app.test_client()
    client.post("/plain", data=FORM, buffered=True)
    client.get("/file", query_string=FORM, buffered=True)
    client.head("/file", query_string=FORM).close()
    unread = client.post("/plain", data=FORM, buffered=False)
    unread.close()
    del unread
    gc.collect()
    sweep(time.monotonic() + 10 * KEPT_SECONDS)
    assert len(IDS) == before


def test_an_exception_in_the_generator_ends_in_the_application(
    app: Flask, tracking: Tracking
) -> None:
    response = app.test_client().post("/late-trouble", data=FORM, buffered=False)
    with pytest.raises(ZeroDivisionError) as caught:
        list(response.response)
    response.close()
    files = [entry.path.name for entry in caught.traceback if hasattr(entry.path, "name")]
    assert files[-1] == "test_streams.py"
    assert "streams.py" not in files


def test_a_file_is_handed_to_the_server_as_it_is(app: Flask, tracking: Tracking) -> None:
    response = app.test_client().get("/file", buffered=True)
    assert b"handed_to_the_server" in response.data
