"""What a verification found."""

from __future__ import annotations

from dataclasses import dataclass, field

from sst_otel.audit.seals.headers import Header

SHOWN = 100
"""Problems that are kept in words; the others are counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written or sealed."""

    what: str
    """``changed``, ``missing``, ``inserted``, ``batch``, ``chain``, ``signature``, ``anchor``."""
    where: str
    """The table."""
    key: str
    """The row's primary key; random, a digest or an event's id, never a person's."""
    event_id: str | None
    """The event it is about; of a person, a datum or a batch the first one."""
    detail: str


@dataclass(slots=True)
class Report:
    """Counts, and what is wrong."""

    batches: int = 0
    leaves: int = 0
    rows: int = 0
    """Rows that are there, and as their leaves say."""
    unsealed: int = 0
    """Leaves in no batch yet: nothing protects their rows."""
    pruned: int = 0
    """Rows that were removed for their age."""
    pruned_batches: int = 0
    """Batches of which nothing is left but the header, which is intact."""
    erased: int = 0
    """People who were erased, their pseudonyms counted too."""
    erased_rows: int = 0
    head: Header | None = None
    """The last batch."""
    anchored: int | None = None
    """The last batch that the anchor vouches for; None without an anchor."""
    count: int = 0
    """Number of problems."""
    problems: list[Problem] = field(default_factory=list)
    """The first :data:`SHOWN` of them."""

    def add(
        self, what: str, where: str, key: object, detail: str, event_id: str | None = None
    ) -> None:
        """Note a problem."""
        self.count += 1
        if len(self.problems) < SHOWN:
            self.problems.append(Problem(what, where, str(key), event_id, detail))

    @property
    def first_event(self) -> str | None:
        """The first event, by its id, that a problem is about."""
        found = [problem.event_id for problem in self.problems if problem.event_id]
        return min(found, default=None)
