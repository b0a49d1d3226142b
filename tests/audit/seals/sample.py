"""A sealed store with rows in every table that seals protect; what a verification says of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import text

from sst_otel.audit.database import Database
from sst_otel.audit.decoding import decode
from sst_otel.audit.records import (
    GapRecord,
    Record,
    ShareRecord,
    alias_record,
    outcome_record,
    share_record,
    tag_record,
)
from sst_otel.audit.seals.checkpoint import append
from sst_otel.audit.seals.headers import Header
from sst_otel.audit.seals.report import Report
from sst_otel.audit.seals.sealing import seal
from sst_otel.audit.seals.signing import Signer, load_signer, load_verifier, public_file
from sst_otel.audit.seals.verifying import verify
from sst_otel.audit.store import Store
from sst_otel.shares import CodeLocation, new_event_id
from tests.audit.by_hand import by_hand
from tests.audit.helpers import MINTER, NOW, sealed, share, tag

ROUNDS = 4


@dataclass
class Sealed:
    """A store, its sealer's key and its anchor."""

    url: str
    folder: Path

    def __post_init__(self) -> None:
        self.store = Store(self.url)
        self.database = Database(self.url)

    @property
    def key(self) -> Path:
        return self.folder / "seal.key"

    @property
    def anchor(self) -> Path:
        return self.folder / "anchor"

    @property
    def signer(self) -> Signer:
        return load_signer(self.key)

    def seal(self, key: str = "seal.key") -> list[Header]:
        """Seal what there is, and anchor it."""
        made = seal(self.database, load_signer(self.folder / key))
        for header in made:
            append(self.anchor, header)
        return made

    def verify(self, since: float | None = None, *, anchored: bool = False) -> Report:
        """Verify; with the anchor where ``anchored``."""
        verifier = load_verifier(public_file(self.key))
        with self.store.reading() as connection:
            return verify(
                connection, verifier, since=since, anchor=self.anchor if anchored else None
            )

    def good(self) -> Report:
        """Verify; everything must be as it was written."""
        report = self.verify(anchored=True)
        assert report.problems == []
        assert report.count == 0
        return report

    def after(self, *statements: Any) -> Report:
        """Do something to the tables behind everybody's back, verify, and undo it."""
        verifier = load_verifier(public_file(self.key))
        with by_hand(self.store) as connection:
            for statement in statements:
                if isinstance(statement, str):
                    statement = text(statement)
                assert connection.execute(statement).rowcount > 0
            return verify(connection, verifier, anchor=self.anchor)

    def run(self, statement: str) -> int:
        """Do something to the tables for good; return how many rows it hit."""
        with by_hand(self.store) as connection:
            hit = connection.execute(text(statement)).rowcount
            connection.commit()
        return int(hit)

    def ask(self, query: str) -> list[object]:
        """Return the first column of the rows."""
        with self.store.reading() as connection:
            return [row[0] for row in connection.execute(text(query))]

    def close(self) -> None:
        self.store.close()
        self.database.close()


def records(number: int, at: float = NOW) -> list[Record]:
    """Return what a round of work leaves: shares, outcomes, data, an alias and a gap."""
    visitor, person = MINTER.visitor(), MINTER.owner(f"person {number}")
    other = MINTER.owner(f"other {number}")
    parent = tag(person, "income")
    child = tag(person, "derived", lineage=(parent.tag_id,))
    made = [
        decode(alias_record(visitor.ref, person.ref, sealed(person), at)),
        decode(tag_record(child, sealed(person), at)),
        GapRecord(str(uuid.uuid4()), "budget", at, at, {"share": 1}, "no room"),
    ]
    for offset, owner in enumerate((visitor, person, other)):
        code = CodeLocation("app.py", number * 10 + offset, "advice", ())
        event_id = new_event_id(at + offset)
        event = share(
            owner, "email", "phone", "email", at=at + offset, event_id=event_id, code=code
        )
        record = decode(share_record(event))
        assert isinstance(record, ShareRecord)
        made.insert(0, replace(record, event_id=new_event_id(at), owner_sealed=""))
        made.append(record)
        made.append(decode(outcome_record(event.event_id, "sent", at + offset + 0.25)))
    # Only now are the account ids, and the type and the time of a parent known: rows that change.
    made.append(decode(tag_record(parent, sealed(person), at - 1)))
    return made


def fill(sample: Sealed) -> None:
    """Write and seal a few rounds, two transactions each; an interval without any in between."""
    for number in range(ROUNDS):
        found = records(number)
        sample.store.append(found[:6])
        sample.store.append(found[6:])
        sample.store.append(found)  # comes again, and adds nothing
        sample.store.erase([MINTER.owner(f"unheard of {number}").ref], NOW, 30)
        sample.seal()
    sample.seal()
