"""What an application keeps in the session is its person's when it comes back."""

from __future__ import annotations

from typing import Any

import flask
import pytest
import requests

from sst_otel.lifetime import release_all
from tests.support import Tracking, Vendor

EMAIL = "ada.lovelace@example.org"


@pytest.fixture
def app(vendor: Vendor) -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "signed"

    @app.post("/keep")
    def keep() -> str:
        flask.session.update(app.config["CONTENT"])
        return ""

    @app.get("/use")
    def use() -> str:
        requests.post(f"{vendor.url}/v1", json=app.config["PAYLOAD"](flask.session), timeout=5)
        return ""

    @app.get("/ignore")
    def ignore() -> str:
        return ""

    return app


def later(
    app: flask.Flask, tracking: Tracking, content: dict[str, Any], payload: Any
) -> list[tuple[str, tuple[str, ...]]]:
    """Return owner and types of what the next request, after a restart, shares."""
    app.config.update(CONTENT=content, PAYLOAD=payload)
    client = app.test_client()
    client.post("/keep")
    tracking.tracker.registry.clear()
    release_all()
    client.get("/use")
    assert "Vary" not in client.get("/ignore").headers
    return [(owner, types) for _, owner, types in tracking.shares()]


def test_it_is_the_persons_of_the_session(app: flask.Flask, tracking: Tracking) -> None:
    content = {"user_id": 7, "email": EMAIL, "theme": "dark"}
    found = later(app, tracking, content, lambda kept: {"to": kept["email"]})
    assert found == [("7", ("email",))]


def test_at_any_depth_and_followed(app: flask.Flask, tracking: Tracking) -> None:
    content = {"user": {"id": 7, "email": EMAIL, "city": "Leipzig"}}
    found = later(app, tracking, content, lambda kept: {"where": kept["user"]["city"]})
    assert found == [("7", ("city",))]


def test_tokens_and_ids_of_things_are_no_data(app: flask.Flask, tracking: Tracking) -> None:
    content = {"cart_id": 77_123_456, "csrf_token": "34155501782", "_fresh": True}
    found = later(app, tracking, content, lambda kept: dict(kept))
    assert found == []


def test_the_id_of_the_account_is_its_person_s(app: flask.Flask, tracking: Tracking) -> None:
    content = {"user_id": 77_123_456, "cart_id": 12_345_678}
    found = later(app, tracking, content, lambda kept: dict(kept))
    assert found == [("77123456", ("user_id",))]
