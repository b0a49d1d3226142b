"""What the rows of a table are called, and which of these are people without a log-in."""

from __future__ import annotations

WITH_ACCOUNT = frozenset(
    {"client", "customer", "driver", "employee", "member", "patient", "student", "subscriber"}
)
"""Tables whose rows are people who may have an account of their own, under another table's key."""
WITHOUT_ACCOUNT = frozenset(
    {"applicant", "attendee", "candidate", "child", "contact", "dependent", "friend", "guest"}
    | {"lead", "participant", "passenger", "person", "recipient", "visitor"}
)
"""Tables whose rows are people in somebody's care or address book: not the ones they refer to."""
_PLURALS = {"people": "person", "children": "child"}


def noun_of(table_name: str) -> str:
    """Return what one row of a table is called: ``crm_contacts`` → ``contact``."""
    last = table_name.lower().rpartition("_")[2]
    return _PLURALS.get(last) or last.removesuffix("s")
