"""Documents in rows: their fields are the row's person's, unless they name somepayload else."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Text, create_engine
from sqlalchemy.orm import Session, declarative_base

import sst_otel
from sst_otel.registry.identity import marked
from tests.support import Tracking

Base: Any = declarative_base()
ANN = "ann.keller@example.com"
BEA = "bea.moser@example.org"


class User(Base):  # type: ignore[misc]
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String)
    settings = Column(JSON)


class Outbox(Base):  # type: ignore[misc]
    __tablename__ = "outbox"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("users.id"))
    payload = Column(Text)


class AuditLog(Base):  # type: ignore[misc]
    __tablename__ = "audit_log"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("users.id"))
    payload = Column(Text)


def told(value: Any) -> set[tuple[str, str | None]]:
    entry = marked(value)
    return {(datum.data_type, datum.owner.id) for datum in entry.data} if entry else set()


@pytest.fixture
def db(tracking: Tracking) -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def stored(db: Session, row: Any) -> Any:
    """Write a row outside of any request, and forget it."""
    db.add(row)
    db.commit()
    db.expunge_all()
    return type(row)


class TestText:
    @pytest.mark.parametrize("before", ["", "outbox:"])
    def test_its_owners(self, db: Session, before: str) -> None:
        payload = before + json.dumps({"data": {"mail": ANN, "tel": "+49 151 23456701", "n": 3}})
        kind = stored(db, Outbox(user_id=1, payload=payload))
        with sst_otel.scope(9):
            row = db.query(kind).one()
            assert told(row.payload) == {("email", "1"), ("phone", "1")}
            again = json.loads(row.payload[len(before) :])
            assert told(again["data"]["mail"]) == {("email", "1")}
            assert told(again["data"]["tel"]) == {("phone", "1")}

    def test_of_somepayload_else_who_is_known(self, db: Session) -> None:
        with sst_otel.scope(2):
            sst_otel.tag(BEA, "email")
        payload = json.dumps({"email": BEA, "city": "Reading"})
        kind = stored(db, Outbox(user_id=1, payload=payload))
        with sst_otel.scope(9):
            assert told(db.query(kind).one().payload) == {("email", "2"), ("city", "2")}

    def test_of_a_stranger_beside_an_owner_who_is_known(self, db: Session) -> None:
        with sst_otel.scope(1):
            sst_otel.tag(ANN, "email")
        kind = stored(db, Outbox(user_id=1, payload=json.dumps({"email": BEA, "city": "Reading"})))
        with sst_otel.scope(9):
            assert told(db.query(kind).one().payload) == set()

    def test_of_what_an_actor_did(self, db: Session) -> None:
        kind = stored(
            db, AuditLog(user_id=1, payload=json.dumps({"email": BEA, "city": "Reading"}))
        )
        with sst_otel.scope(9):
            assert told(db.query(kind).one().payload) == set()

    @pytest.mark.parametrize(
        "payload", ["{not json}", "{}", "[1, 2]", '{"email": null}', "a {b} c"]
    )
    def test_other_texts(self, db: Session, payload: str) -> None:
        kind = stored(db, Outbox(user_id=1, payload=payload))
        with sst_otel.scope(9):
            assert {kind for kind, _ in told(db.query(kind).one().payload)} <= {"user_content"}

    def test_by_a_raw_cursor(self, tracking: Tracking) -> None:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)")
        connection.execute(
            "CREATE TABLE outbox (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), "
            "payload JSON)"
        )
        payload = json.dumps({"first_name": "Annika", "email": ANN})
        connection.execute("INSERT INTO outbox VALUES (1, 7, ?)", (payload,))
        with sst_otel.scope(9):
            text = connection.execute("SELECT user_id, payload FROM outbox").fetchone()[1]
            assert told(text) == {("first_name", "7"), ("email", "7")}
        connection.close()


def test_a_column_of_documents(db: Session) -> None:
    kind = stored(db, User(id=3, email=ANN, settings={"profile": {"city": "Reading"}, "dark": 1}))
    with sst_otel.scope(9):
        row = db.query(kind).one()
        assert told(row.settings["profile"]["city"]) == {("city", "3")}
