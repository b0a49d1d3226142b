from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from flask import Flask, request
from flask.testing import FlaskClient

from sst_otel import guard, tracker
from tests.support import Vendor

EMAIL = "ada.quillfeather@example.org"
INCOME = "73120"


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import os

    for name in list(os.environ):
        if name.startswith(("SST_", "OTEL_")):
            monkeypatch.delenv(name)
    guard.reset()
    yield
    assert tracker.running() is None
    assert guard.error_counts() == {}


@pytest.fixture
def app(vendor: Vendor) -> Flask:
    """An application that hands what it is told to on to a recipient."""
    app = Flask(__name__)

    @app.post("/sign-up")
    def sign_up() -> str:
        email = request.form["email"]
        income = request.form.get("income", "")
        if income:
            assert int(income) > 0
        url = request.args.get("to", "https://crm.example/contacts")
        requests.post(url, json={"email": email}, timeout=5)
        return "welcome"

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
