"""What people say in fields that are anybody's by their names: theirs once they are known."""

from __future__ import annotations

import pytest
import requests
from flask import Flask, request, session

from tests.support import Tracking, Vendor

REASON = "surgery on my left knee"


@pytest.fixture
def app(vendor: Vendor) -> Flask:
    app = Flask("leave")
    app.secret_key = "k"

    @app.post("/login")
    def login() -> str:
        session["user_id"] = 7
        return "ok"

    @app.post("/leave")
    def leave() -> str:
        given = request.get_json() if request.is_json else request.form
        text = f"Write a request: {next(iter(given.values()))}"
        requests.post(f"{vendor.url}/llm", json={"input": text}, timeout=20)
        return "ok"

    return app


def told(app: Flask, tracking: Tracking, name: str, value: str, known: bool = True) -> list[object]:
    client = app.test_client()
    if known:
        client.post("/login")
    client.post("/leave", data={name: value})
    client.post("/leave", json={name: value})
    return [share[1:] for share in tracking.shares()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reason", REASON),
        ("message", REASON),
        ("question", "What may I deduct this year?"),
        ("remarks", "please call me late in the day"),
        ("reason", "祖母の葬儀のため"),
    ],
)
def test_what_a_known_person_says_is_theirs(
    app: Flask, tracking: Tracking, name: str, value: str
) -> None:
    assert told(app, tracking, name, value) == [("7", ("user_content",))] * 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("reason", "other"), ("reason", "too expensive"), ("status", REASON), ("content", REASON)],
)
def test_a_choice_or_another_field_is_not(
    app: Flask, tracking: Tracking, name: str, value: str
) -> None:
    assert told(app, tracking, name, value) == []


def test_nobody_known_says_nothing(app: Flask, tracking: Tracking) -> None:
    assert told(app, tracking, "reason", REASON, known=False) == []
