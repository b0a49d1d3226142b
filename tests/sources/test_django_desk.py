"""Rows of guests and of things in Django, and what staff types of other people."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sources.test_django import client as client
from tests.sources.test_django import only_here as only_here
from tests.support import Tracking

GUEST, OTHER = "thekla.uhlenbrock@mail.example", "veit.oberlaender@post.example"
MAILBOX = "billing@desk.example"
SAID = "The refund is not here"


@pytest.fixture
def desk(client: Any) -> Any:
    """A queue, and a user of the desk who is logged in."""
    from django.contrib.auth.models import User

    from tests.sources.django_shop.models import Queue

    Queue.objects.create(title="Billing", email_address=MAILBOX)
    User.objects.create_user("hilda", "hilda.nussbaum@desk.example", "secret word")
    return client


def by_staff(desk: Any, path: str, **form: str) -> None:
    assert desk.post("/sign-in", {"username": "hilda"}).status_code == 200
    assert desk.post(path, form).status_code == 200


def opened(desk: Any) -> None:
    form = {"email": GUEST, "phone": "+49 1511 2345671", "comment": SAID}
    assert desk.post("/desk/opened", form).status_code == 200


def shared(tracking: Tracking) -> list[tuple[str | None, set[str]]]:
    rows = tracking.rows(event_type="external_api")
    return [(row["owner_id"], set(row["data_types"])) for row in rows]


def test_a_ticket_is_its_guests_and_a_mailbox_nobodys(desk: Any, tracking: Tracking) -> None:
    opened(desk)
    assert shared(tracking) == [("django_shop_ticket:1", {"email", "phone"})]


def test_what_nobody_has_said_is_nobodys(desk: Any, tracking: Tracking) -> None:
    from tests.sources.django_shop.models import Queue, Remark, Ticket

    ticket = Ticket.objects.create(queue=Queue.objects.get(), submitter_email=GUEST)
    Remark.objects.create(ticket=ticket, comment=SAID)
    desk.get("/desk/told/1")
    assert shared(tracking) == [("django_shop_ticket:1", {"email"})]


def test_what_staff_types_into_a_new_row(desk: Any, tracking: Tracking) -> None:
    by_staff(desk, "/desk/reported", email=OTHER)
    assert shared(tracking) == [("django_shop_ticket:1", {"email"})]


def test_a_list_of_people_that_staff_imports(desk: Any, tracking: Tracking) -> None:
    people = [{"email": GUEST, "phone": "+49 1511 2345671"}, {"email": OTHER, "phone": None}]
    desk.post("/sign-in", {"username": "hilda"})
    answer = desk.post("/desk/imported", people, content_type="application/json")
    assert answer.status_code == 200
    (one, told), (another, more) = shared(tracking)
    assert one != another
    assert {one, another}.isdisjoint({"1", None})
    assert [told, more] == [{"email", "phone"}, {"email"}]


def test_what_staff_types_of_themselves(desk: Any, tracking: Tracking) -> None:
    by_staff(desk, "/desk/reported", email="hilda.nussbaum@desk.example")
    assert shared(tracking) == [("1", {"email"})]


def test_what_staff_changes_in_a_row(desk: Any, tracking: Tracking) -> None:
    opened(desk)
    by_staff(desk, "/desk/corrected/1", email=OTHER)
    assert shared(tracking)[1:] == [("django_shop_ticket:1", {"email"})]


def test_what_staff_writes_without_saving_an_object(desk: Any, tracking: Tracking) -> None:
    from tests.sources.django_shop.models import Queue, Ticket

    whose = {
        "update": "django_shop_ticket:1",
        "bulk_update": "django_shop_ticket:1",
        "bulk_create": "django_shop_ticket:2",
        "update_or_create": "django_shop_ticket:1",
        "create": "django_shop_ticket:2",
        "cursor": "django_shop_ticket:1",
        "update_all": "1",  # of several people's rows nobody's in particular
        "bulk_upsert": "1",  # was not written
    }
    for number, how in enumerate(whose):
        Ticket.objects.exclude(pk=1).delete()
        Ticket.objects.update_or_create(
            pk=1, defaults={"queue": Queue.objects.get(), "submitter_email": GUEST}
        )
        by_staff(desk, f"/desk/written/{how}", email=f"altenburg{number}@mail.example")
    owners = [owner for owner, _ in shared(tracking)]
    assert dict(zip(whose, owners, strict=True)) == whose


def written(tracking: Tracking, table: str) -> list[str | None]:
    rows = [
        row for row in tracking.rows(event_type="database_write") if "email" in row["data_types"]
    ]
    return [row["owner_id"] for row in rows if table in row["destination"]]


def test_the_statement_that_writes_it_is_a_share_of_theirs(desk: Any, tracking: Tracking) -> None:
    opened(desk)
    by_staff(desk, "/desk/corrected/1", email=OTHER)
    assert set(written(tracking, "django_shop_ticket")) == {"django_shop_ticket:1"}


def test_an_account_that_staff_enters(desk: Any, tracking: Tracking) -> None:
    by_staff(desk, "/desk/written/user", email=OTHER)
    assert written(tracking, "auth_user") == ["2"]
    assert shared(tracking) == [("2", {"email"})]


def test_what_staff_sends_back_with_a_form(desk: Any, tracking: Tracking) -> None:
    opened(desk)
    by_staff(desk, "/desk/answered/1", email=GUEST)
    assert shared(tracking)[1:] == [("django_shop_ticket:1", {"email"})]


def test_an_order_that_repeats_a_baskets_email(desk: Any, tracking: Tracking) -> None:
    desk.post("/desk/filled", {"email": GUEST})
    desk.post("/desk/bought")
    assert shared(tracking) == [("django_shop_basket:1", {"email"})]


def test_the_basket_of_a_user(desk: Any, tracking: Tracking) -> None:
    desk.post("/desk/filled", {"email": GUEST})
    by_staff(desk, "/desk/bought", **{"by user": "yes"})
    assert shared(tracking) == [("1", {"email"})]


def test_where_an_order_is_sent_is_its_persons(desk: Any, tracking: Tracking) -> None:
    from tests.sources.django_shop.models import Destination, Purchase

    address = Destination.objects.create(last_name="Uhlenbrock", phone="+49 1511 2345671")
    Purchase.objects.create(guest_email=GUEST, shipping_address=address)
    desk.get("/desk/delivered")
    assert shared(tracking) == [("django_shop_purchase:1", {"email", "phone"})]


def test_the_sender_of_a_mail_is_not_whom_its_row_is_about(desk: Any, tracking: Tracking) -> None:
    from django.contrib.auth.models import User

    from tests.sources.django_shop.models import SentMail

    SentMail.objects.create(user=User.objects.get(), sender=f"Shop <{MAILBOX}>")
    desk.get("/desk/sent")
    assert shared(tracking) == []
