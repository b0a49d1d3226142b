"""Small numbers that a database computes: an age has no identity, its key tells what it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from tests.support import Tracking, Vendor

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, birthday TEXT);
INSERT INTO users VALUES (7, 'Ann Keller', '1990-05-17'), (8, 'Bea Moser', '1994-02-09');
"""
AGE = "CAST((julianday('2026-02-01') - julianday(birthday)) / 365.25 AS INTEGER) AS age"


@pytest.fixture
def send(tmp_path: Path, vendor: Vendor, tracking: Tracking) -> Callable[[str, str], list[Any]]:
    """Return what sends each row of a query as ``{key: its last value}`` and finds shares."""
    path = tmp_path / "own.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
    app = Flask("ages")

    @app.get("/<key>/<path:query>")
    def view(key: str, query: str) -> str:
        with closing(sqlite3.connect(path)) as connection:
            for row in connection.execute(query).fetchall():
                requests.post(f"{vendor.url}/x", json={"n": {key: row[-1]}}, timeout=20)
        return "ok"

    def run(key: str, query: str) -> list[Any]:
        app.test_client().get(f"/{key}/{query}")
        return [(owner, types) for _, owner, types in tracking.shares()]

    return run


def test_each_person_s_age(send: Callable[[str, str], list[Any]]) -> None:
    found = send("age", f"SELECT id, {AGE} FROM users ORDER BY id".replace("/", "%2F"))
    assert found == [("7", ("birthday", "derived")), ("8", ("birthday", "derived"))]


def test_the_same_number_under_another_key(send: Callable[[str, str], list[Any]]) -> None:
    assert send("seats", f"SELECT id, {AGE} FROM users".replace("/", "%2F")) == []


def test_a_count_is_nothing(send: Callable[[str, str], list[Any]]) -> None:
    assert send("age", "SELECT COUNT(birthday) + 33 FROM users") == []
