"""Data that the application keeps, or gives back to their person: nobody else got them."""

from __future__ import annotations

import hashlib
import json
import pickle
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import redis
import requests
from fakeredis import TcpFakeServer
from flask import Flask, request, session
from werkzeug.security import check_password_hash, generate_password_hash

from tests.serving import serving
from tests.support import Tracking, Vendor

FORM = {
    "email": "ann.keller@example.com",
    "password": "correct-horse-battery",
    "name": "Ann Keller",
    "city": "Reading",
    "income": "52500",
}


@pytest.fixture
def statsd() -> Iterator[int]:
    """Where metrics are sent to; nobody reads them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield server.getsockname()[1]


@pytest.fixture
def app(vendor: Vendor, statsd: int, tmp_path: Path) -> Iterator[Flask]:
    app = Flask("shop")
    app.secret_key = "s" * 20
    cache: dict[str, Any] = {}
    metrics = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    passwords: dict[str, str] = {}

    @app.post("/page")
    def page() -> str:
        return flask.render_template_string("<p>Dear {{name}} in {{city}}</p>", **request.form)

    @app.post("/json")
    def answer() -> flask.Response:
        return flask.jsonify(dict(request.form))

    @app.post("/stream")
    def stream() -> flask.Response:
        return flask.Response(f"{key}={value}\n" for key, value in list(request.form.items()))

    @app.post("/session")
    def in_the_cookie() -> str:
        session["user"] = dict(request.form)
        return "ok"

    @app.post("/cache")
    def in_the_cache() -> str:
        cache[request.form["email"]] = dict(request.form)
        (tmp_path / "cache.bin").write_bytes(pickle.dumps(cache))
        return "ok"

    @app.post("/password")
    def password() -> str:
        hashed = generate_password_hash(request.form["password"], "pbkdf2:sha256:1000")
        passwords[request.form["email"]] = hashed
        requests.get(f"{vendor.url}/health", timeout=20)
        return str(check_password_hash(hashed, request.form["password"]))

    @app.post("/metrics")
    def count() -> str:
        name = request.form["name"]
        metrics.sendto(b"app.signups:1|c\napp.latency:52|ms", ("127.0.0.1", statsd))
        requests.put(f"{vendor.url}/metrics/job/web", 'signups{city="all"} 52500\n', timeout=20)
        requests.post(f"{vendor.url}/v1/traces", json={"spans": ["POST /metrics"]}, timeout=20)
        bucket = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100
        requests.post(f"{vendor.url}/flags", json={"rollout": bucket < 50}, timeout=20)
        return "ok"

    yield app
    metrics.close()


@pytest.mark.parametrize(
    "path", ["/page", "/json", "/stream", "/session", "/cache", "/password", "/metrics"]
)
def test_no_event(path: str, app: Flask, tracking: Tracking, vendor: Vendor) -> None:
    client = app.test_client()
    answers = [client.post(path, data=FORM) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    assert tracking.rows() == []


def test_sessions_on_a_server_are_in_the_applications_own_database(tracking: Tracking) -> None:
    app = Flask("shop")
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    server.daemon_threads = True
    with serving(server) as port, redis.Redis("127.0.0.1", port) as sessions:

        @app.post("/login")
        def login() -> str:
            sessions.set("session:4f1c", json.dumps({"email": request.form["email"]}), ex=60)
            sessions.set("session:4f1d", pickle.dumps({"email": request.form["email"]}), ex=60)
            sessions.incr("visits")
            return "ok"

        app.test_client().post("/login", data=FORM)
    rows = tracking.rows()
    assert {row["event_type"] for row in rows} == {"database_write"}
    assert {row["recipient"] for row in rows} == {"own database"}
    assert {tuple(row["data_types"]) for row in rows} == {("email",)}
