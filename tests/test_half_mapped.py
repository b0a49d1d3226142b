"""A class that another thread is just mapping: known to SQLAlchemy, without a mapper so far."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base, declared_attr

from sst_otel.sources.known_tables import KnownTables, override_of

Base: Any = declarative_base()
seen: list[Any] = []


class Whole(Base):  # type: ignore[misc]
    __tablename__ = "whole"
    id = Column(Integer, primary_key=True)


class Half:
    @declared_attr  # type: ignore[arg-type]
    def __tablename__(cls) -> str:
        models = {"Whole": {"owner": "id"}}
        seen.append(
            (KnownTables().table("whole", ""), override_of(vars(Whole)["__table__"], models))
        )
        return "half"


def test_the_others_are_found() -> None:
    type("Half", (Half, Base), {"id": Column(Integer, primary_key=True)})
    table, override = seen[0]
    assert table is vars(Whole)["__table__"]
    assert override["owner"] == "id"
