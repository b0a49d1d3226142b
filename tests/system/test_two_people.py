"""Two people at once who share first name, city, birthday and income: nobody gets the other's."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.support import Vendor
from tests.system.launch import FLASK, OTEL, Launched, launched
from tests.system.people import MARIA, OTHER, Person, sign_in

REQUESTS = 200
GUNICORN = ("gunicorn", "-w", "2", "-k", "gthread", "--threads", "4", "--bind", "127.0.0.1:{port}")
Shares = Counter[tuple[str, str, tuple[str, ...]]]

WRITTEN = ("birthday", "city", "email", "first_name", "income", "last_name", "password", "phone")
TRUTH = {
    "/advice": ("OpenAI/127.0.0.1:responses.create", ("derived", "income")),
    "/conversion": ("POST 127.0.0.1/pixel/events", ("email", "phone")),
    "/contact": (
        "POST 127.0.0.1/crm/contacts",
        ("birthday", "city", "email", "first_name", "income"),
    ),
    "/orders": ("sqlite orders(ship_to, contact_email)", ("city", "email")),
}


def shop_on(app: Launched, person: Person) -> Shares:
    """Do a person's requests; return what was shared by them."""
    expected: Shares = Counter()
    client = app.client()
    owner = sign_in(client, app.url, person)
    columns = "email, password_hash, first_name, last_name, phone, birthday, city, income"
    expected[f"sqlite users({columns})", owner, WRITTEN] += 1
    for number in range(REQUESTS):
        path = tuple(TRUTH)[number % len(TRUTH)]
        answer = _ask(client, app.url + path, person)
        assert answer.ok, answer.text
        destination, types = TRUTH[path]
        expected[destination, owner, types] += 1
    client.close()
    return expected


def _ask(client: requests.Session, url: str, person: Person) -> requests.Response:
    if url.endswith("/orders"):
        return client.post(url, json={"item": "hat", "contact": {"email": person.email}})
    return client.post(url, data={"saved": "5000"} if url.endswith("/advice") else {})


@pytest.mark.parametrize(
    "command",
    [(OTEL, *FLASK), (OTEL, *GUNICORN, "--no-control-socket", "shop:app")],
    ids=["threads", "workers with threads"],
)
def test_every_share_once_with_its_owner(
    command: tuple[str, ...], vendor: Vendor, tmp_path: Path
) -> None:
    with launched(tmp_path, vendor.url, command) as app:
        with ThreadPoolExecutor(2) as both:
            results = list(both.map(lambda person: shop_on(app, person), (MARIA, OTHER)))
        rows = app.rows()
    expected = results[0] + results[1]
    found: Shares = Counter(
        (row["destination"], row["owner_id"], tuple(sorted(row["data_types"]))) for row in rows
    )
    assert found - expected == Counter(), "reported and not shared"
    assert expected - found == Counter(), "shared and not reported"
    assert [row["event_id"] for row in rows if "sst.ambiguous" in row["metadata"]] == []
    assert app.ours() == []
