"""The corpus as data: complete, and readable by whoever adds to it."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import fields

import pytest

from sst_otel.datatypes import FieldClassifier, load_taxonomy
from tests.corpus import cases as cases_module
from tests.corpus.cases import load_cases
from tests.corpus.judge import canonical, judge
from tests.corpus.modes import Event, Outcome
from tests.corpus.people import TYPES, load_cast
from tests.corpus.program import source

CASES = load_cases()
CATEGORIES = {
    *("string", "regex", "encoding", "serialisation", "containers_objects", "numbers", "dates"),
    *("digests", "flow", "channels", "composite"),
}


def test_ids_are_unique_and_counts_are_what_is_promised() -> None:
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []
    flows = [case for case in CASES if not case.is_control]
    assert {case.category for case in flows} == CATEGORIES
    assert len(flows) >= 170
    assert len(CASES) - len(flows) >= 65
    assert {case.category.startswith("controls_") for case in CASES if case.is_control} == {True}


@pytest.mark.parametrize("category", sorted({case.category for case in CASES}))
def test_every_program_can_be_imported_and_sends(category: str) -> None:
    for case in CASES:
        if case.category == category:
            assert case.id.isidentifier(), case.name
            ast.parse(source(case))
            assert "VENDOR" in source(case).partition("current_user\n")[2], case.name


def test_inputs_beside_the_persons_are_not_personal() -> None:
    """Otherwise a control would expect that somebody's language is nobody's."""
    classifier = FieldClassifier(load_taxonomy({}))
    person = tuple(load_cast().personas["ordinary"]["self"].form())
    for case in CASES:
        for name in case.extra:
            beside = (*person, *case.extra)
            assert classifier.classify(name, beside, "view") is None, (case.name, name)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"types": "emial"}, "emial"),
        ({"typs": "email"}, "typs"),
        ({"via": "fax"}, "fax"),
        ({"implicit": "derived"}, "derived"),
        ({"evidence": "guessed"}, "guessed"),
    ],
)
def test_wrong_entries_are_named(entry: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cases_module._read("string", {"id": "x", "code": "pass", **entry})


def test_people_differ_in_everything_from_the_strangers() -> None:
    cast = load_cast()
    names = [item.name for item in fields(cast.strangers[0])]
    assert set(names) == set(TYPES)
    for people in cast.personas.values():
        for person in people.values():
            for stranger in cast.strangers:
                assert [n for n in names if getattr(person, n) == getattr(stranger, n)] == []


class TestJudge:
    """What an outcome counts as."""

    def verdict(self, name: str, *events: Event) -> tuple[bool, bool, bool]:
        case = next(case for case in CASES if case.name == name)
        people = load_cast().personas["ordinary"]
        found = judge(Outcome(case, "ordinary", "", events), people)
        return found.found, found.types, found.owners

    def event(self, owner: str, *types: str) -> Event:
        return Event(owner, frozenset(types), frozenset({"exact"}))

    def test_right(self) -> None:
        assert self.verdict("string/verbatim", self.event("48213", "email")) == (True, True, True)

    def test_missing(self) -> None:
        assert self.verdict("string/verbatim") == (False, False, False)
        half = self.event("48213", "email")
        assert self.verdict("string/two_fields_fstring", half) == (False, False, False)

    def test_one_type_too_many(self) -> None:
        event = self.event("48213", "email", "city")
        assert self.verdict("string/verbatim", event) == (True, False, True)

    def test_optional_type(self) -> None:
        event = self.event("48213", "email", "derived")
        assert self.verdict("string/mail_domain", event) == (True, True, True)

    def test_wrong_person(self) -> None:
        assert self.verdict("string/verbatim", self.event("48377", "email")) == (True, True, False)

    def test_somebody_else_too(self) -> None:
        events = self.event("48213", "email"), self.event("48377", "email")
        assert self.verdict("string/verbatim", *events) == (True, True, False)

    def test_values_of_two_people_exchanged(self) -> None:
        mine, boss = ("name", "income", "derived"), ("name",)
        right = self.event("48213", *mine), self.event("48377", *boss)
        wrong = self.event("48377", *mine), self.event("48213", *boss)
        assert self.verdict("composite/approval_letter", *right) == (True, True, True)
        assert self.verdict("composite/approval_letter", *wrong) == (True, True, False)

    def test_a_full_name_is_its_parts(self) -> None:
        assert canonical({"name"}) == canonical({"first_name", "last_name"})
        assert canonical({"first_name"}) != canonical({"name"})

    def test_a_failed_program_is_not_found(self) -> None:
        case = next(case for case in CASES if case.name == "string/verbatim")
        people = load_cast().personas["ordinary"]
        events = (self.event("48213", "email"),)
        assert not judge(Outcome(case, "ordinary", "", events, "Empty"), people).found
