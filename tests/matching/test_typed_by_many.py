"""An account keeps its address however many visitors have typed it; a mailbox is nobody's."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from sst_otel.registry.index import MAX_OWNERS
from sst_otel.shares import Part

from .conftest import World

MAIL = "zora.vanterpool@example.org"
PAYLOADS = {
    "in clear": {"m": MAIL},
    "in a sentence": {"text": f"Write to {MAIL.upper()} today"},
    "hashed": {"m": hashlib.sha256(MAIL.encode()).hexdigest()},
    "encoded": {"m": MAIL.encode().hex()},
}


def typed_by_visitors(world: World, data_type: str, value: Any, number: int = 100) -> None:
    """More than are kept of one value."""
    for _ in range(number):
        world.registry.add(world.minter.visitor(), data_type, value, "form_field:contact")


def in_row_of(world: World, account: str, data_type: str, value: Any) -> None:
    world.people.setdefault(account, world.minter.owner(account))
    world.registry.add(world.people[account], data_type, value, f"db:users.{data_type}")


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("account", ["before", "between", "after"])
def test_an_accounts_address_is_the_accounts(
    world: World, account: str, payload: dict[str, str]
) -> None:
    if account == "before":
        in_row_of(world, "ann", "email", MAIL)
    typed_by_visitors(world, "email", MAIL)
    if account == "between":
        world.found(Part("json", payload))  # what has come so far is in the index
        in_row_of(world, "ann", "email", MAIL)
        typed_by_visitors(world, "email", MAIL)
    elif account == "after":
        in_row_of(world, "ann", "email", MAIL)
    assert list(world.found(Part("json", payload))) == ["ann"]


def test_a_phone_is_as_well_and_is_told_once(world: World) -> None:
    in_row_of(world, "bea", "phone", "+44 20 7946 0958")
    typed_by_visitors(world, "phone", "+44 20 7946 0958")
    assert world.found(Part("json", {"p": "+442079460958"})) == {"bea": {"phone": "normalized"}}


def test_it_stays_so_in_a_later_generation(world: World) -> None:
    registry = world.registry
    in_row_of(world, "ann", "email", MAIL)
    for number in range(5_000):  # half of the budget: the account's is of the older half now
        registry.add(world.minter.visitor(), "email", f"v{number}@example.net", "form_field:email")
    typed_by_visitors(world, "email", MAIL)
    assert world.found(Part("json", {"m": MAIL})) == {"ann": {"email": "exact"}}


class TestStaff:
    """Who adds a colleague has typed an address that is not theirs."""

    def typed_by_staff(self, world: World, **row: str) -> None:
        for data_type, value in row.items():
            in_row_of(world, "staff", data_type, value)
        in_row_of(world, "ann", "email", MAIL)
        world.registry.add(world.people["staff"], "email", MAIL, "form_field:email")

    def test_a_mail_to_both(self, world: World) -> None:
        self.typed_by_staff(world, email="desk.officer@example.net")
        found = world.found(Part("json", {"to": ["desk.officer@example.net", MAIL]}))
        assert found == {"staff": {"email": "exact"}, "ann": {"email": "exact"}}

    def test_an_address_that_may_be_their_own(self, world: World) -> None:
        self.typed_by_staff(world, phone="+44 20 7946 0958")
        found = world.found(Part("json", {"to": MAIL, "phone": "+44 20 7946 0958"}))
        assert list(found) == ["staff"]


class TestControls:
    """What many have in common is nobody's."""

    @pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
    def test_what_only_visitors_typed(self, world: World, payload: dict[str, str]) -> None:
        typed_by_visitors(world, "email", MAIL)
        assert world.match(Part("json", payload)).owners == {}

    def test_a_mailbox_that_somebody_with_an_account_typed_too(self, world: World) -> None:
        world.registry.add(world.people["ann"], "email", MAIL, "form_field:recipient")
        typed_by_visitors(world, "email", MAIL)
        assert world.match(Part("json", {"to": MAIL})).owners == {}

    def test_a_mailbox_in_the_rows_of_two(self, world: World) -> None:
        in_row_of(world, "ann", "email", MAIL)
        in_row_of(world, "bea", "email", MAIL)
        typed_by_visitors(world, "email", MAIL)
        assert world.match(Part("json", {"to": MAIL})).owners == {}

    def test_a_mailbox_that_many_accounts_have_typed(self, world: World) -> None:
        in_row_of(world, "ann", "email", MAIL)
        for number in range(MAX_OWNERS + 1):
            owner = world.minter.owner(f"staff {number}")
            world.registry.add(owner, "email", MAIL, "form_field:email")
        assert world.match(Part("json", {"to": MAIL})).owners == {}

    @pytest.mark.parametrize(
        ("data_type", "value"),
        [
            ("name", "Zora Vanterpool"),
            ("street_address", "12 Quillfeather Lane"),
            ("ip_address", "203.0.113.77"),
            ("employer", "Vanterpool Quillfeather Ltd"),
            ("country", "Liechtenstein"),
        ],
    )
    def test_what_namesakes_neighbours_and_colleagues_share(
        self, world: World, data_type: str, value: str
    ) -> None:
        in_row_of(world, "ann", data_type, value)
        typed_by_visitors(world, data_type, value)
        for payload in ({"a": value}, {data_type: value}):
            assert world.match(Part("json", payload)).owners == {}
