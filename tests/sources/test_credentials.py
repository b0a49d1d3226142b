"""Who a request is from, by the row that its own opaque token, cookie or key was looked up by."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request
from sqlalchemy import Column, ForeignKey, Integer, String, create_engine, select
from sqlalchemy.orm import Session, declarative_base, joinedload, relationship

from sst_otel.sources.credentials import is_credential
from tests.support import Tracking, Vendor

ANN, BEA = "k3y-of-ann-0123456789", "k3y-of-bea-9876543210"
PHONE = "+49 151 23456789"
SCRIPT = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT);
CREATE TABLE sessions (token TEXT PRIMARY KEY, user_id INTEGER, lang TEXT);
CREATE TABLE referral_codes (code TEXT PRIMARY KEY, user_id INTEGER);
INSERT INTO users VALUES (5, 'ann@example.org', ''), (6, 'bea@example.org', '');
"""
Base: Any = declarative_base()


class User(Base):  # type: ignore[misc]
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String)


class ApiKey(Base):  # type: ignore[misc]
    __tablename__ = "api_keys"
    id = Column(Integer, primary_key=True)
    key_hash = Column(String)
    user_id = Column(Integer, ForeignKey("users.id"))
    user = relationship(User)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def app(tmp_path: Path, vendor: Vendor) -> Iterator[Flask]:
    app = Flask("shop")
    path = tmp_path / "own.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(SCRIPT)
        for token, number in ((ANN, 5), (_digest(BEA), 6)):
            db.execute("INSERT INTO sessions VALUES (?, ?, 'de')", (token, number))
        db.execute("INSERT INTO referral_codes VALUES (?, 6)", (BEA,))
    engine = create_engine(f"sqlite:///{tmp_path / 'keys.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as keys:
        keys.add_all([User(id=5, email="ann@example.org"), User(id=6, email="bea@example.org")])
        keys.add(ApiKey(key_hash=_digest(ANN), user_id=5))
        keys.commit()

    def send() -> str:
        requests.post(f"{vendor.url}/crm", json={"tel": request.form["phone"]}, timeout=5)
        return "ok"

    def ask(statement: str, *given: str) -> str:
        with closing(sqlite3.connect(path)) as db:
            db.execute(statement, given).fetchall()
        return send()

    by_token = "SELECT user_id FROM sessions WHERE token = ?"
    app.add_url_rule(
        "/cookie", "cookie", lambda: ask(by_token, request.cookies["sid"]), methods=["POST"]
    )

    @app.post("/hashed")
    def hashed() -> str:
        return ask(by_token, _digest(request.headers["Authorization"].split()[1]))

    @app.post("/friend")
    def friend() -> str:
        return ask("SELECT user_id FROM referral_codes WHERE code = ?", request.cookies["friend"])

    @app.post("/others")
    def others() -> str:
        return ask(by_token, ANN)

    @app.post("/any")
    def any_of_a_language() -> str:
        return ask("SELECT token, user_id FROM sessions WHERE lang = ?", "de")

    @app.post("/objects")
    def objects() -> str:
        wanted = select(ApiKey).where(ApiKey.key_hash == _digest(request.headers["X-Api-Key"]))
        with Session(engine) as keys:
            keys.execute(wanted.options(joinedload(ApiKey.user))).scalars().one()
        return send()

    yield app
    engine.dispose()


@pytest.fixture
def post(app: Flask, tracking: Tracking) -> Callable[..., str | None]:
    """Send a phone number with what is given; return whose it is said to be."""

    def post(path: str, **headers: str) -> str | None:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = app.test_client(use_cookies=False).post(path, data={"phone": PHONE}, headers=sent)
        assert answer.status_code == 200
        assert not tracking.errors()
        ((_, owner, types),) = tracking.shares()
        assert types == ("phone",)
        return owner

    return post


def test_a_cookie(post: Callable[..., str | None]) -> None:
    assert post("/cookie", Cookie=f"a=b; sid={ANN}") == "5"


def test_a_digest_of_a_token(post: Callable[..., str | None]) -> None:
    assert post("/hashed", Authorization=f"Bearer {BEA}") == "6"


def test_a_key_by_objects(post: Callable[..., str | None]) -> None:
    assert post("/objects", X_Api_Key=ANN) == "5"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/others", {"Cookie": f"sid={BEA}"}),
        ("/any", {"Cookie": f"sid={ANN}"}),
        ("/friend", {"Cookie": f"friend={BEA}"}),
    ],
    ids=["another's token", "not by the token", "a friend's code"],
)
def test_rows_that_name_nobody(
    path: str, headers: dict[str, str], post: Callable[..., str | None]
) -> None:
    owner = post(path, **headers)
    assert owner is None or len(owner) == 26, owner  # a visitor


@pytest.mark.parametrize(
    ("table", "column", "is_one"),
    [
        ("sessions", "id", True),
        ("api_keys", "key_hash", True),
        ("users", "api_key", True),
        ("authtoken_token", "key", True),
        ("users", "password_token", False),
        ("invite_tokens", "token", False),
        ("users", "email", False),
        ("carts", "id", False),
    ],
)
def test_which_columns_are_credentials(table: str, column: str, is_one: bool) -> None:
    assert is_credential(table, column) is is_one
