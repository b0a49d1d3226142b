"""What the site really shares, written down by reading its source, and the comparison with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from examples.demo.people import PEOPLE, Journey, Step
from examples.stand_in import Arrival

PROFILE = ("birthday", "city", "email", "first_name", "gender", "income", "last_name", "phone")
"""Columns of the users table that are personal data; the password is stored as a salted hash."""
UNKNOWN_STEP = Step("unknown", "?")
CALLS_PER_PERSON = {
    "graph.facebook.com": 1,
    "open.er-api.com": 1,
    "api.groq.com": 1,
    "api.openai.com": 1,
    "api.hubapi.com": 1,
}
"""What reaches the vendors, whatever the audit log says."""


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """Who got what of whom, and while doing what."""

    step: str
    destination: str
    data_types: tuple[str, ...]
    """Sorted."""
    whose: str
    by: str
    """Who really did the step."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The audit log against the truth."""

    expected: int
    missing: tuple[Row, ...]
    extra: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        """Whether the log tells exactly what happened."""
        return not self.missing and not self.extra


def expected_rows() -> list[Row]:
    """Everything that is shared, once per person; the call for exchange rates shares nothing."""
    rows = []
    for person in PEOPLE:
        changed = sorted(
            name for name, value in person.settings.items() if person.sign_up[name] != value
        )
        shares: tuple[tuple[str, str, Iterable[str]], ...] = (
            ("sign-up", f"sqlite users({', '.join(PROFILE)})", PROFILE),
            ("sign-up", "POST graph.facebook.com/v21.0/{pixel}/events", ("email", "phone")),
            # Expenses and goals say nothing of a kind that is personal; the account id they are
            # stored under only links rows of the site's own database.
            ("insights", "OpenAI/Groq:responses.create", ("derived", "income")),
            ("tip", "OpenAI:chat.completions.create", ("city", "first_name")),
            ("settings", f"sqlite users({', '.join(changed)})", changed),
            (
                "settings",
                "POST api.hubapi.com/crm/v3/objects/{object}",
                ("city", "email", "first_name", "last_name", "phone"),
            ),
        )
        rows += [
            Row(step, destination, tuple(sorted(types)), person.owner_id, person.owner_id)
            for step, destination, types in shares
        ]
    return rows


def compare(audit_logs: Iterable[Mapping[str, Any]], journey: Journey) -> Verdict:
    """Compare the audit log's objects (design 4.4) with what really happened.

    Rows are counted: one too many of the same is extra.
    """
    expected = expected_rows()
    wanted = Counter(expected)
    found = Counter(_row(entry, journey) for entry in audit_logs)
    return Verdict(
        expected=len(expected),
        missing=tuple(sorted((wanted - found).elements())),
        extra=tuple(sorted((found - wanted).elements())),
    )


def complaints(arrivals: Iterable[Arrival], refused: Iterable[str]) -> tuple[str, ...]:
    """Say what the vendors' side saw that should not be: wrong calls, other hosts, our baggage."""
    arrivals = list(arrivals)
    calls = Counter(arrival.host for arrival in arrivals)
    expected = Counter({host: each * len(PEOPLE) for host, each in CALLS_PER_PERSON.items()})
    said = [
        f"{host}: {calls[host]} calls arrived, {expected[host]} expected"
        for host in sorted(calls | expected)
        if calls[host] != expected[host]
    ]
    said += [f"{host}: asked for, nobody stands in for it" for host in sorted(set(refused))]
    said += [
        f"{host}: was sent baggage of ours"
        for host in sorted({a.host for a in arrivals if "sst" in a.headers.get("baggage", "")})
    ]
    return tuple(said)


def _row(entry: Mapping[str, Any], journey: Journey) -> Row:
    step = journey.steps.get(entry["trace_id"], UNKNOWN_STEP)
    return Row(
        step.name,
        _with_sorted_columns(entry["destination"]),
        tuple(sorted(entry["data_types"])),
        entry["owner_id"] or "unknown",
        step.owner_id,
    )


def _with_sorted_columns(destination: str) -> str:
    table, bracket, columns = destination.partition("(")
    if not bracket:
        return destination
    return f"{table}({', '.join(sorted(columns.rstrip(')').split(', ')))})"
