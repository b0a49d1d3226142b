"""The address that a mail is sent from: the application's own where it is nobody's."""

from __future__ import annotations

import pytest

from sst_otel.matching.hits import Hit, by_owner
from sst_otel.matching.leaf import Leaf, Place
from sst_otel.registry.datum import Datum
from sst_otel.registry.mailboxes import Mailboxes
from sst_otel.tags import NOBODY, Owner

SHOP = "office@lab.example"
GUEST = Owner("g" * 26, None)


ADMIN = Owner("a" * 26, "1")
FIRST = "tracker-admin@lab.example"


def hit(
    place: Place, owner: Owner, value: str = SHOP, kind: str = "email", source: str = "db:row"
) -> Hit:
    leaf = Leaf(place, str(place[1]), (), value)
    return Hit(Datum(owner, kind, value, source), "exact", "phrase", leaf)


@pytest.mark.parametrize(
    "place", [("envelope", "from"), ("header", "From"), ("header", "Reply-To")]
)
def test_an_applications_own_address_is_no_share(place: tuple[str, str]) -> None:
    assert by_owner([hit(place, NOBODY)], Mailboxes()) == {}


def test_a_guests_address_is_one() -> None:
    typed = hit(("header", "Reply-To"), GUEST, source="form:email")
    assert set(by_owner([typed], Mailboxes())) == {GUEST}


def test_nobodys_address_that_a_mail_goes_to_is_one() -> None:
    assert set(by_owner([hit(("envelope", "to"), NOBODY)], Mailboxes())) == {NOBODY}


@pytest.mark.parametrize(
    "place",
    [
        ("envelope", "from"),
        ("header", "Return-Path"),
        ("body", "From"),
        (("body", "from"), "email"),
        ("body", "from_email"),
        (("body", "reply_to"), 0),
    ],
)
def test_the_first_accounts_address_is_the_applications_own(place: Place) -> None:
    """Whose row has the address that all mails come from has shared nothing with each."""
    guest = hit(("envelope", "to"), GUEST, "guest@home.example")
    assert set(by_owner([hit(place, ADMIN, FIRST), guest], Mailboxes())) == {GUEST}
    assert (
        by_owner([hit(place, ADMIN, FIRST), hit(("envelope", "to"), ADMIN, FIRST)], Mailboxes())
        == {}
    )


def test_whoever_writes_from_a_roles_address_is_told() -> None:
    sent = hit(("envelope", "from"), ADMIN, FIRST)
    assert set(by_owner([sent], Mailboxes(), ADMIN)) == {ADMIN}
    named = hit(("body", "plain"), ADMIN, "Greta Lindqvist", "name")
    assert {len(found) for found in by_owner([sent, named], Mailboxes()).values()} == {2}


def test_other_peoples_addresses_are_theirs_wherever_they_stand() -> None:
    for place, address in (
        (("envelope", "from"), "greta.lindqvist@lab.example"),
        (("envelope", "from"), "anna.it@lab.example"),
        (("envelope", "to"), FIRST),
        (("body", "contact"), FIRST),
    ):
        assert set(by_owner([hit(place, ADMIN, address)], Mailboxes())) == {ADMIN}


def test_a_mailbox_is_none_unless_somebody_has_it() -> None:
    mailboxes = Mailboxes()
    mailboxes.learn(f" {SHOP.upper()} ")
    mailboxes.learn("Mails to office@shop.example are read")
    typed = hit(("url", "path"), GUEST)
    typed.datum.source, typed.datum.stored = "path:list", False
    assert by_owner([typed], mailboxes) == {}
    assert not mailboxes.has("office@shop.example")
    mailboxes.concede(SHOP)
    assert set(by_owner([typed], mailboxes)) == {GUEST}
    assert SHOP not in repr(mailboxes)
