"""The site that is measured: a query, an insert and one call to a vendor, or string work alone.

Written as people write such things; it knows nothing of tracking.
"""

from __future__ import annotations

import os
from typing import Any

import requests
from flask import Flask, jsonify, request, session
from flask_sqlalchemy import SQLAlchemy

VENDOR = os.environ["BENCH_VENDOR"]
ROWS = 200

app = Flask(__name__)
app.config["SECRET_KEY"] = "benchmark"
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["BENCH_DATABASE"]
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 60}}
db = SQLAlchemy(app)


class User(db.Model):  # type: ignore[name-defined,misc]
    """A customer."""

    __tablename__ = "users"

    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String(120), unique=True)
    name = db.Column(db.String(120))
    city = db.Column(db.String(80))
    phone = db.Column(db.String(40))
    income = db.Column(db.Float)


class Order(db.Model):  # type: ignore[name-defined,misc]
    """One purchase."""

    __tablename__ = "orders"

    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.ForeignKey("users.id"))
    title = db.Column(db.String(120))
    total = db.Column(db.Float)


with app.app_context():
    db.create_all()


@app.post("/signup")
def signup() -> Any:
    """Make an account and log in."""
    given = request.get_json()
    user = User(**{name: given[name] for name in ("email", "name", "city", "phone", "income")})
    db.session.add(user)
    db.session.commit()
    session["user_id"] = user.id
    return jsonify(id=user.id)


@app.post("/checkout")
def checkout() -> Any:
    """Read JSON, query, insert, write texts, and tell one vendor (900 bytes)."""
    given = request.get_json()
    user = db.session.get(User, session["user_id"])
    order = Order(user_id=user.id, title=given["title"], total=given["total"])
    db.session.add(order)
    db.session.commit()
    summary = f"Order {order.id}: {order.title} for {user.name}, {order.total:.2f} EUR"
    lines = [f"{item['sku']}: {item['count']} x {item['price']:.2f}" for item in given["items"]]
    answer = requests.post(
        f"{VENDOR}/v1/orders",
        json={
            "order": order.id,
            "summary": summary,
            "customer": {"email": user.email, "name": user.name, "city": user.city},
            "shipping": {"street": given["street"], "phone": given["phone"]},
            "lines": lines,
            "note": "Deliver between nine and five, ring twice, leave at the door if need be. " * 3,
            "channel": {"kind": "web", "campaign": "autumn-leaves", "version": "2.14.1"},
        },
        timeout=30,
    )
    return jsonify(ok=answer.ok, summary=summary)


def rows_of(title: str, place: str) -> str:
    """Return a report of 200 lines: what string-heavy code does."""
    lines = []
    for number in range(ROWS):
        key = f"{title}-{number}".upper().replace("-", " ").strip()
        label = key.title()[:24]
        share = number / ROWS * 100
        lines.append(f"{number:04d} | {label:<24} | {place} | {share:6.2f} %")
    return "\n".join(lines)


@app.post("/report")
def report_of_somebody() -> Any:
    """Do string work with a person's values; nothing leaves."""
    given = request.get_json()
    return rows_of(given["name"], given["city"])


@app.get("/report")
def report_of_nobody() -> Any:
    """Do the same string work without any personal value."""
    return rows_of("winter sale", "warehouse 7")
