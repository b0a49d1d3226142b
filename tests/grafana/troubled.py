"""A made-up store in which everything that the dashboards look for is there once, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sst_otel.audit.decoding import decode
from sst_otel.audit.records import (
    GapRecord,
    alias_record,
    gap_record,
    outcome_record,
    share_record,
)
from sst_otel.audit.store import Store
from sst_otel.shares import Recipient, SharingEvent
from tests.audit.helpers import META, MINTER, NOW, sealed, share
from tests.postgres import Database

DAY = 86_400.0
UNKNOWN = Recipient("unknown", "unknown", "unknown", "unknown")
CLINIC = Recipient("Example Clinic", "care", "processor", "DE")
OWN = Recipient("own database", "storage", "first_party")
ADA, GRACE = MINTER.owner("ada"), MINTER.owner("grace")
VISITOR = MINTER.visitor()
QUOTED = "Ada's shop"
"""A service whose name has to be quoted with care."""


def events() -> list[SharingEvent]:
    """Return the events, the oldest first.

    ====== ========== ============== ================== =====================
    person days ago   service        recipient          data
    ====== ========== ============== ================== =====================
    Ada    200        shop           Groq               email
    Ada    5          shop           Groq               email, phone
    Ada    3          shop           own database       email
    Grace  3          Ada's shop     Groq               email
    Grace  0.5        shop           Meta               health, email
    Grace  0.5        shop           Example Clinic     health
    Ada    0.4        shop           unknown (x.example)  email
    Grace  0.3        shop           unknown (x.example)  religion
    Ada    0.2        shop (visitor) Meta               email
    ====== ========== ============== ================== =====================
    """
    strange: dict[str, Any] = {"recipient": UNKNOWN, "host": "x.example"}
    made = [
        share(ADA, "email", at=NOW - 200 * DAY),
        share(ADA, "email", "phone", at=NOW - 5 * DAY, trace_id="1" * 32),
        share(ADA, "email", at=NOW - 3 * DAY, recipient=OWN, destination="sqlite users"),
        share(GRACE, "email", at=NOW - 3 * DAY, service=QUOTED),
        share(GRACE, "health", "email", at=NOW - 0.5 * DAY, recipient=META),
        share(GRACE, "health", at=NOW - 0.5 * DAY, recipient=CLINIC),
        share(ADA, "email", at=NOW - 0.4 * DAY, **strange),
        share(GRACE, "religion", at=NOW - 0.3 * DAY, **strange),
        share(VISITOR, "email", at=NOW - 0.2 * DAY, recipient=META),
    ]
    made = [replace(event, service=event.service.replace("budget", "shop")) for event in made]
    return [replace(event, event_id=f"event-{at}") for at, event in enumerate(made)]


def fill(database: Database, *, empty: bool = False) -> None:
    """Write them, what became of two, a dead letter and a gap of now; the visitor was Ada."""
    store = Store(database.url("psycopg"))
    store.upgrade()
    if not empty:
        records = [decode(share_record(event)) for event in events()]
        records.append(decode(alias_record(VISITOR.ref, ADA.ref, sealed(ADA), NOW)))
        records.append(decode(outcome_record("event-4", "sent", NOW)))
        records.append(decode(outcome_record("event-6", "failed", NOW)))
        gap = GapRecord("gap", "shop", NOW - 90, NOW - 60, {"share": 2}, "disk full")
        records.append(decode(gap_record(gap)))
        store.append(records, unreadable=[b"no record"])
    store.close()
