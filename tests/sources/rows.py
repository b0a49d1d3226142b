"""What tests of row sources share: two people, and what an object read from a row is tagged as."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from sst_otel.registry.identity import marked
from tests.sources.shop_models import Base, Order, Product, User

ANN = "ann.keller@example.com"
BEA = "bea.moser@example.org"
NOBODY = None

Told = set[tuple[str, "str | None"]]


def fill(engine: Engine) -> None:
    """Write two users who share income and city, and their orders."""
    Base.metadata.create_all(engine)
    with Session(engine) as db:
        for number, mail, name in ((1, ANN, "Ann"), (2, BEA, "Bea")):
            db.add(
                User(
                    id=number,
                    email=mail,
                    password_hash="x",
                    first_name=name,
                    city="Zwickau",
                    birthday=datetime.date(1990, 4, 16 + number),
                    income=51234.5,
                    contact=f"{name.lower()}@work.example.net",
                    logins=7,
                )
            )
        db.flush()
        db.add(Order(user_id=1, shipping_address="Lindenallee 17", total=12.5))
        db.add(Order(user_id=2, shipping_address="Ringgasse 5", total=13.5))
        db.add(Product(id=1, name="Ann", price=51234.5))
        db.commit()


def told(*values: Any) -> Told:
    """Return ``(data type, owner id)`` of what ``values`` are known to be by identity."""
    found: Told = set()
    for value in values:
        mark = marked(value)
        if mark is not None:
            found |= {(datum.data_type, datum.owner.id) for datum in mark.data}
    return found


def parents(value: Any) -> Told:
    """Return what the computed ``value`` was made of."""
    mark = marked(value)
    assert mark is not None
    return {(parent.data_type, parent.owner.id) for datum in mark.data for parent in datum.parents}


def whole(rows: Iterable[Iterable[Any]]) -> list[Told]:
    """Return what each row's values are known to be."""
    return [told(*row) for row in rows]
