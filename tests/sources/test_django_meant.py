"""Whom a form of Django's is about that somebody fills in who is known."""

from __future__ import annotations

from typing import Any

from tests.sources.test_django import client as client
from tests.sources.test_django import only_here as only_here
from tests.sources.test_django_desk import GUEST, MAILBOX, OTHER, by_staff, shared
from tests.sources.test_django_desk import desk as desk
from tests.support import Tracking

OWN = "hilda.nussbaum@desk.example"


def test_an_invitation_is_whom_it_goes_to(desk: Any, tracking: Tracking) -> None:
    by_staff(desk, "/desk/invited", to=GUEST)
    assert shared(tracking) == [(GUEST, {"email"})]


def test_several_addresses_in_one_field(desk: Any, tracking: Tracking) -> None:
    by_staff(desk, "/desk/invited", to=f"Thekla Irene U. <{GUEST}>, {OTHER}")
    assert shared(tracking) == [(GUEST, {"email"}), (OTHER, {"email"})]


def test_a_mail_to_themselves_is_theirs(desk: Any, tracking: Tracking) -> None:
    by_staff(desk, "/desk/invited", to=OWN)
    assert shared(tracking) == [("1", {"email"})]


def test_a_mail_to_a_colleague_is_the_colleagues(desk: Any, tracking: Tracking) -> None:
    from django.contrib.auth.models import User

    User.objects.create_user("egon", "egon.vierling@desk.example", "secret word")
    assert User.objects.get(username="egon").pk == 2
    by_staff(desk, "/desk/invited", to="egon.vierling@desk.example")
    assert shared(tracking) == [("2", {"email"})]


def test_an_account_that_staff_creates(desk: Any, tracking: Tracking) -> None:
    from django.contrib.auth.models import User

    User.objects.update(first_name="Hilda")
    by_staff(desk, "/desk/hired", username="corinna", first_name="Corinna", email=GUEST)
    assert shared(tracking) == [("2", {"username", "email"}), ("2", {"email"})]


def test_an_address_of_their_own_that_is_new(desk: Any, tracking: Tracking) -> None:
    by_staff(desk, "/desk/answered/1", email=OTHER)
    assert shared(tracking) == [("1", {"email"})]


def test_a_mailbox_that_is_asked_for_is_nobodys(desk: Any, tracking: Tracking) -> None:
    assert desk.get(f"/desk/listed/{MAILBOX}").status_code == 200
    assert shared(tracking) == []
