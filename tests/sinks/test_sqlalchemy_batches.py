"""Many new rows in one go: SQLAlchemy sends them in batches, they are looked at and told once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, String, create_engine, event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, declarative_base

import sst_otel
from sst_otel.sinks import sqlalchemy as sink
from tests.support import Tracking

Base = declarative_base()
ROWS = 25


class Price(Base):  # type: ignore[misc, valid-type]
    __tablename__ = "prices"
    id = Column(Integer, primary_key=True)
    contact_email = Column(String)
    note = Column(String)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{tmp_path / 'shop.db'}", insertmanyvalues_page_size=2, future=True
    )
    Base.metadata.create_all(engine)
    return engine


def test_batches_of_one_statement_are_one_share(
    engine: Engine, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    written = sink._written

    def counting(context: object) -> object:
        looked.append(1)
        return written(context)

    monkeypatch.setattr(sink, "_written", counting)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    email = "ottoline.brackwater@posteo.example"
    sst_otel.tag(email, "email", owner_id="7")
    with Session(engine) as db:
        db.add_all(
            [
                Price(note=str(n), contact_email=email if n == ROWS - 1 else None)
                for n in range(ROWS)
            ]
        )
        db.commit()
        assert len(db.execute(select(Price.id)).all()) == ROWS
    inserts = [statement for statement in sent if statement.startswith("INSERT")]
    assert len(inserts) > len(set(inserts))
    assert len(looked) == 1
    assert tracking.shares(databases=True) == [("sqlite prices(contact_email)", "7", ("email",))]
