"""What a program has computed for somebody before they have an account is theirs as well."""

from __future__ import annotations

import importlib
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support import Tracking, Vendor, tracking_in

BANK = """
import sqlite3
from contextlib import closing

import requests
from flask import Flask, request

DB = URL = ""
app = Flask("bank")


@app.post("/register")
def register():
    email, salary = request.form["email"], request.form["salary"]
    yearly = int(salary) * 12
    limit = yearly // 3
    with closing(sqlite3.connect(DB)) as db:
        db.execute("INSERT INTO users (email, salary) VALUES (?, ?)", (email, salary))
        db.commit()
    requests.post(URL + "/rows", json={"values": [email, yearly, limit]}, timeout=20)
    return "ok"
"""


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "loan_bank.py").write_text(BANK)
    yield tmp_path
    sys.modules.pop("loan_bank", None)


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    with tracking_in(tmp_path, lineage="loan_bank") as tracking:
        yield tracking


def test_numbers_computed_before_the_row_are_the_account_s(
    tracking: Tracking, bank: Path, vendor: Vendor
) -> None:
    module: Any = importlib.import_module("loan_bank")
    module.DB, module.URL = str(bank / "bank.db"), vendor.url
    _make_table(module.DB)
    app: Flask = module.app
    form = {"email": "ann.keller@example.com", "salary": "45678"}
    assert app.test_client().post("/register", data=form).status_code == 200
    assert [share[1:] for share in tracking.shares()] == [("1", ("derived", "email", "income"))]


def _make_table(path: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, salary TEXT)")
        db.commit()
