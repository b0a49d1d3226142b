"""The address that a mail is sent from: the application's own where it is nobody's."""

from __future__ import annotations

import pytest

from sst_otel.matching.hits import Hit, by_owner
from sst_otel.matching.leaf import Leaf
from sst_otel.registry.datum import Datum
from sst_otel.registry.mailboxes import Mailboxes
from sst_otel.tags import NOBODY, Owner

SHOP = "office@lab.example"
GUEST = Owner("g" * 26, None)


def hit(place: tuple[str, str | int], owner: Owner) -> Hit:
    where, inner = place
    leaf = Leaf((where, inner), str(inner), (), SHOP)
    return Hit(Datum(owner, "email", SHOP, "db:settings.value"), "exact", "phrase", leaf)


@pytest.mark.parametrize(
    "place", [("envelope", "from"), ("header", "From"), ("header", "Reply-To")]
)
def test_an_applications_own_address_is_no_share(place: tuple[str, str]) -> None:
    assert by_owner([hit(place, NOBODY)], Mailboxes()) == {}


def test_a_guests_address_is_one() -> None:
    assert set(by_owner([hit(("header", "Reply-To"), GUEST)], Mailboxes())) == {GUEST}


def test_nobodys_address_that_a_mail_goes_to_is_one() -> None:
    assert set(by_owner([hit(("envelope", "to"), NOBODY)], Mailboxes())) == {NOBODY}


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
