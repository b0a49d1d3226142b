"""The registry keeps everybody's values for a while, and no longer."""

from __future__ import annotations

from sst_otel.registry.datum import DERIVED, Datum, derive
from sst_otel.registry.index import listed
from sst_otel.registry.registry import Registry
from sst_otel.registry.text import tokens
from sst_otel.tags import Minter

MINTER = Minter(b"k" * 32)
ANN, BEA = MINTER.owner("1"), MINTER.owner("2")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def known(registry: Registry, text: str) -> list[Datum]:
    """Return the data whose phrase the text holds."""
    words = tokens(text)
    found = []
    for index in registry.indexes():
        for _, key in index.find_phrases(words):
            found += listed(index.phrases[key])
    return found


class TestExpiry:
    """A value lives at least half the budget of time and at most all of it."""

    def test_half_an_hour_of_idling_is_survived(self) -> None:
        clock = Clock()
        registry = Registry(100, 3600, clock)
        registry.add(ANN, "email", "ann@example.com", "form_field:email")
        clock.now = 1799.0
        registry.add(BEA, "email", "bea@example.com", "form_field:email")
        clock.now = 1799.0 + 1800.0
        assert [datum.owner for datum in known(registry, "to ann@example.com")] == [ANN]

    def test_an_idle_process_forgets_when_swept(self) -> None:
        clock = Clock()
        registry = Registry(100, 3600, clock)
        registry.add(ANN, "email", "ann@example.com", "form_field:email")
        clock.now = 3600.0
        registry.sweep()
        assert known(registry, "ann@example.com") == []
        clock.now = 7200.0
        registry.sweep()
        assert len(registry) == 0

    def test_use_keeps_a_value(self) -> None:
        clock = Clock()
        registry = Registry(100, 3600, clock)
        for clock.now in range(0, 20_000, 900):
            registry.add(ANN, "email", "ann@example.com", "db:users.email")
            assert len(known(registry, "ann@example.com")) == 1

    def test_the_budget_of_values_is_kept(self) -> None:
        registry = Registry(1_000, 3600, Clock())
        for number in range(10_000):
            registry.add(ANN, "email", f"a{number}@example.com", "db:users.email")
        assert len(registry) <= 1_000
        assert known(registry, "a9999@example.com")
        assert not known(registry, "a1@example.com")


class TestOwners:
    """One value can be several people's; a visitor's become the account's."""

    def test_the_same_value_of_the_same_person_is_one_datum(self) -> None:
        registry = Registry(100, 3600, Clock())
        first = registry.add(ANN, "city", "Boston", "a")
        assert registry.add(ANN, "city", "Boston", "b") is first
        assert registry.add(BEA, "city", "Boston", "b") is not first

    def test_a_visitor_turns_out_to_be_somebody(self) -> None:
        registry = Registry(100, 3600, Clock())
        visitor = MINTER.visitor()
        datum = registry.add(visitor, "email", "ann@example.com", "form_field:email")
        registry.reassign(visitor, ANN)
        assert datum.owner == ANN
        assert list(registry.of_owner(ANN.ref)) == [datum]
        assert list(registry.of_owner(visitor.ref)) == []


class TestDerive:
    """A computed value has one derived datum per owner, with parents and operations."""

    def test_of_two_people(self) -> None:
        first = Datum(ANN, "income", 50000, "a")
        second = Datum(BEA, "income", 60000, "b")
        derived = derive((first, second, first), 110000, "add")
        assert [(d.owner, d.data_type, d.parents, d.operations) for d in derived] == [
            (ANN, DERIVED, (first,), ("add",)),
            (BEA, DERIVED, (second,), ("add",)),
        ]

    def test_operations_accumulate_and_roots_are_the_sources(self) -> None:
        income = Datum(ANN, "income", 50000, "a")
        spent = Datum(ANN, "purchase", 1200, "b")
        (rest,) = derive((income, spent), 48800, "sub")
        (rate,) = derive((rest, income), 0.976, "truediv")
        assert rate.operations == ("sub", "truediv")
        assert rate.parents == (income, spent)

    def test_no_value_is_ever_shown(self) -> None:
        assert "50000" not in repr(Datum(ANN, "income", 50000, "a"))
