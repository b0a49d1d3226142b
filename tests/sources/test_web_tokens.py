"""Whose a request is by the tokens that applications make themselves."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from flask import Flask, request, session
from sqlalchemy import Column, Integer, String, create_engine, select
from sqlalchemy.orm import Session, declarative_base

from sst_otel.sources.web_tokens import claims_of
from tests.support import Tracking, Vendor

SECRET = "a secret that is long enough for the algorithm"
PUBLIC = "8d5c1f7e-0a54-4a8e-9c0b-3f1d2a6b7c88"
SAID = {"phone": "+44 7700 900123"}
Base: Any = declarative_base()


class User(Base):  # type: ignore[misc]
    """An account that the outside knows by another id than its key."""

    __tablename__ = "user"
    id = Column(Integer, primary_key=True)
    public_id = Column(String, unique=True)
    email = Column(String, unique=True)
    password = Column(String)


def token(**claims: Any) -> str:
    return jwt.encode(claims, SECRET, algorithm="HS256")


Ask = Callable[..., "str | None"]


@pytest.fixture
def ask(tmp_path: Path, tracking: Tracking, vendor: Vendor) -> Ask:
    """Return who is told as the person of a request with these headers."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as db:
        db.add_all([User(email="ann@keller.example", public_id="x"), User(public_id=PUBLIC)])
        db.commit()
    app = Flask("shop")
    app.secret_key = "k"

    @app.post("/say")
    def say() -> str:
        with Session(engine) as db:
            db.execute(select(User).where(User.public_id == PUBLIC)).scalar_one()
        session["seen"] = True
        requests.post(f"{vendor.url}/sms", json={"to": request.form["phone"]}, timeout=20)
        return "ok"

    def ask(**headers: str) -> str | None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        app.test_client(use_cookies=False).post("/say", data=SAID, headers=named)
        owner: str | None = tracking.shares()[-1][1]
        return owner

    return ask


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": f"x-access-token={token(public_id=PUBLIC)}; theme=dark"},
        {"X_Access_Token": token(public_id=PUBLIC, exp=4_000_000_000)},
        {"Authorization": "Bearer " + token(sub=PUBLIC)},
        {"Authorization": "JWT " + token(identity=2)},
        {"Authorization": "Bearer " + token(user_id=2)},
        {"Authorization": token(id=2)},
        {"Cookie": f"access_token_cookie={token(sub='2')}; refresh_token_cookie={token(sub='2')}"},
    ],
    ids=["cookie", "header", "sub", "identity", "user_id", "no scheme", "two tokens"],
)
def test_wherever_the_token_is_and_whatever_it_claims(ask: Ask, headers: dict[str, str]) -> None:
    assert ask(**headers) == "2"


def test_two_people_are_nobody(ask: Ask) -> None:
    cookies = f"one={token(sub='1')}; other={token(sub='2')}"
    assert ask(Cookie=cookies) not in ("1", "2")


def test_a_token_of_something_else_is_nobody(ask: Ask) -> None:
    assert ask(Cookie=f"cart={token(cart=5, exp=4_000_000_000)}") not in ("2", "5")


def test_what_is_no_token() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "1"}).encode()).decode()
    for given in (
        "Bearer a.b.c",
        f"Bearer e30.{claims}",
        "Basic dXNlcjpwYXNz",
        "Bearer " + "x" * 9000,
    ):
        assert list(claims_of({"HTTP_AUTHORIZATION": given})) == []
    flask_cookie = "session=eyJfZnJlc2giOnRydWV9.Zx1A2B.abcdefghijklmnopqrstuvwxyz0"
    assert list(claims_of({"HTTP_COOKIE": flask_cookie})) == []
