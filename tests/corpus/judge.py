"""What an outcome is worth: found, types and owners right, anything invented."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.corpus.cases import UNKNOWN, Case
from tests.corpus.modes import Outcome
from tests.corpus.people import People

_PARTS = frozenset({"first_name", "last_name"})


@dataclass(frozen=True)
class Verdict:
    """One outcome compared with what its case says."""

    outcome: Outcome
    found: bool
    """Every expected type is reported, for whomever."""
    types: bool
    """Found, and no other type reported."""
    owners: bool
    """Found, and each type reported for exactly the people it is of."""
    evidence: bool
    """No evidence but the acceptable one."""
    over: frozenset[str]
    """Types reported although nothing of them was sent; for a control any report."""
    elsewhere: frozenset[str]
    """People reported who have nothing in the payload of a flow; nobody known is none of them."""
    words: str
    """What was reported, for people: no value in it."""

    @property
    def perfect(self) -> bool:
        if self.outcome.case.is_control:
            return not self.over
        return self.types and self.owners and self.evidence


def judge(outcome: Outcome, people: People) -> Verdict:
    """Compare one outcome with its case; ``people`` are those of the persona."""
    case = outcome.case
    ids = {str(person.id): role for role, person in people.items()} | {"": UNKNOWN}
    reported: dict[str, set[str]] = {}
    evidence: set[str] = set()
    for event in outcome.events:
        reported.setdefault(ids.get(event.owner, event.owner), set()).update(event.types)
        evidence |= event.evidence
    everything = frozenset().union(*reported.values())
    found = not outcome.error and _covers(everything, case.required)
    over = canonical(everything) - canonical(case.allowed) - case.allowed
    return Verdict(
        outcome=outcome,
        found=found and not case.is_control,
        types=found and not over,
        owners=found and _right_people(case, reported),
        evidence=not case.evidence or evidence <= case.evidence,
        over=over,
        elsewhere=frozenset(reported) - frozenset(case.expected or reported) - {UNKNOWN},
        words=_words(reported, evidence) or outcome.error,
    )


def canonical(types: Iterable[str]) -> frozenset[str]:
    """Let a full name stand for first and last name, and both of them for a full name."""
    given = frozenset(types)
    if given >= _PARTS or "name" in given:
        return (given - _PARTS) | {"name"}
    return given


def _covers(reported: frozenset[str], required: frozenset[str]) -> bool:
    return canonical(required) <= canonical(reported) or required <= reported


def _right_people(case: Case, reported: dict[str, set[str]]) -> bool:
    """Whether exactly the right people are named, each for their own types.

    A type that is nobody's is a wrong type, not a wrong owner.
    """
    if set(reported) != set(case.expected):
        return False
    for role, (required, more) in case.expected.items():
        given = frozenset(reported[role])
        others = canonical(case.allowed) - canonical(required | more)
        if not _covers(given, required) or canonical(given) & others:
            return False
    return True


def _words(reported: dict[str, set[str]], evidence: set[str]) -> str:
    people = "; ".join(f"{role}: {' '.join(sorted(types))}" for role, types in reported.items())
    return f"{people} ({', '.join(sorted(evidence))})" if people else ""
