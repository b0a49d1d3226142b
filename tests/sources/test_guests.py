"""Rows of people without an account: who wrote them and whom they name are one person."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from flask import Flask, request
from sqlalchemy import Column, Integer, String, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, declarative_base

from tests.support import Tracking, Vendor

Base: Any = declarative_base()
ANN = {"name": "Ann Keller", "email": "ann.keller@example.com"}


class User(Base):  # type: ignore[misc]
    __tablename__ = "user"
    id = Column(Integer, primary_key=True)
    email = Column(String)
    password = Column(String)


class Subscriber(Base):  # type: ignore[misc]
    __tablename__ = "subscribers"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    email = Column(String)


@pytest.fixture
def engine(engine: Engine) -> Engine:
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def app(engine: Engine, vendor: Vendor) -> Flask:
    app = Flask("letters")

    @app.post("/orm")
    def orm() -> str:
        requests.post(f"{vendor.url}/before", json={"to": request.form["email"]}, timeout=20)
        with Session(engine) as db:
            db.add(Subscriber(name=request.form["name"], email=request.form["email"]))
            db.commit()
        return "ok"

    @app.post("/core")
    def core() -> str:
        given = {name: request.form[name] for name in ("name", "email")}
        with engine.begin() as connection:
            connection.execute(Subscriber.__table__.insert().values(**given))
        return "ok"

    @app.post("/letter")
    def letter() -> str:
        with Session(engine) as db:
            for row in db.execute(select(Subscriber)).scalars():
                requests.post(f"{vendor.url}/letter", json={"to": row.email}, timeout=20)
        return "ok"

    return app


@pytest.mark.parametrize("way", ["orm", "core"])
def test_a_subscriber(app: Flask, tracking: Tracking, way: str) -> None:
    client = app.test_client()
    client.post(f"/{way}", data=ANN)
    client.post("/letter")
    assert {owner for _, owner, _ in tracking.shares(databases=True)} == {"subscribers:1"}
    assert len(tracking.rows(owner_id="subscribers:1")) == (3 if way == "orm" else 2)


@pytest.mark.parametrize("way", ["orm", "core"])
def test_a_form_about_two_people(app: Flask, tracking: Tracking, way: str) -> None:
    client = app.test_client()
    client.post(f"/{way}", data={**ANN, "friend_email": "bea.moser@example.org"})
    client.post("/letter")
    owners = [owner for _, owner, _ in tracking.shares(databases=True)]
    assert owners[-1] == "subscribers:1"
    assert owners[0] != "subscribers:1"
