"""Whether a case says the truth: change one field, and see whether the payload changes.

The programs run without tracking. What a case expects must matter to what the vendor receives, and
nothing else may: that is what "explicit flow of these fields" means, whatever an engine thinks.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.cases import DERIVED, UNKNOWN, Case
from tests.corpus.people import ROLES, TYPES, People, Person
from tests.corpus.stage import Stage

Field = tuple[str, str]
"""(role, field)."""
_ALL = frozenset((role, name) for role in ROLES for name in TYPES)


def problems(
    stage: Stage, case: Case, people: People, strangers: tuple[Person, ...]
) -> Iterator[str]:
    """Yield what is wrong with the expectation of ``case`` for one persona; no value in it.

    Implicit flows are only allowed here: a threshold need not lie between anybody's two values.
    See :func:`idle_implicit`.
    """
    trial = _Trial(stage, case, people, strangers)
    if trial.differs(frozenset()):
        yield "sends something else each time: freeze it, or mask it"
        return
    required, open_ones = _required(case), _open(case)
    for fields in required:
        if not any(trial.depends_on(frozenset({field})) for field in fields):
            yield f"does not depend on {_words(fields)}"
    others = _ALL - open_ones - frozenset().union(*required)
    if trial.depends_on(others):
        for field in sorted(others):
            if trial.depends_on(frozenset({field})):
                yield f"depends on {_words([field])}"


def idle_implicit(
    stage: Stage, case: Case, people: People, strangers: tuple[Person, ...]
) -> frozenset[str]:
    """Return the types declared as implicit flows whose change changes nothing for this persona."""
    trial = _Trial(stage, case, people, strangers) if case.implicit else None
    return frozenset(
        name
        for name in case.implicit
        if trial is not None and not trial.depends_on(frozenset(_fields(ROLES, name)))
    )


class _Trial:
    """One case and persona, and its payload when nothing is changed."""

    def __init__(
        self, stage: Stage, case: Case, people: People, strangers: tuple[Person, ...]
    ) -> None:
        self._stage = stage
        self._case = case
        self._people = people
        self._strangers = strangers
        self._usual = stage.run(case, people)

    def depends_on(self, fields: frozenset[Field]) -> bool:
        """Whether other values in all of ``fields`` change the payload; two are tried."""
        return any(self.differs(fields, attempt) for attempt in (0, 1))

    def differs(self, fields: frozenset[Field], attempt: int = 0) -> bool:
        changed = {
            role: person.changed(
                [name for who, name in fields if who == role],
                self._strangers[(number + attempt) % len(self._strangers)],
            )
            for number, (role, person) in enumerate(self._people.items())
        }
        return self._stage.run(self._case, changed, base=self._people) != self._usual


def _required(case: Case) -> list[list[Field]]:
    """Return what the payload must depend on: of each list on one field at least."""
    fields = []
    for role, (types, _) in case.expected.items():
        roles = ROLES if role == UNKNOWN else (role,)
        fields += [_fields(roles, name) for name in sorted(types - {DERIVED})]
    return fields


def _open(case: Case) -> frozenset[Field]:
    """Return what the payload may depend on."""
    fields = [_fields(ROLES, name) for name in case.implicit]
    for role, (_, optional) in case.expected.items():
        roles = ROLES if role == UNKNOWN else (role,)
        fields += [_fields(roles, name) for name in optional]
    return frozenset(field for group in fields for field in group)


def _fields(roles: tuple[str, ...], data_type: str) -> list[Field]:
    names = [name for name, kind in TYPES.items() if kind == data_type]
    return [(role, name) for role in roles for name in names]


def _words(fields: list[Field]) -> str:
    return " or ".join(f"{name} of {role}" for role, name in fields)
