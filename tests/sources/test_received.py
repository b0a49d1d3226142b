"""What a trusted service said of a request: a hint of whose it is, and its values found again."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import flask
import httpx
import pytest
import requests
from fastapi import FastAPI

import sst_otel
from sst_otel import semconv
from sst_otel.keys import Keys
from tests.sources.sender import Sender
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"
OTHER = "ben.moser@example.com"
MEMBER = "QX-774-19-KLP-2"


@pytest.fixture
def sender(tracking: Tracking) -> Sender:
    return Sender(tracking)


@pytest.fixture
def client(tracking: Tracking, vendor: Vendor) -> Any:
    app = flask.Flask("orders")
    app.secret_key = "s" * 20

    @app.post("/in")
    def take_in() -> str:
        document = flask.request.get_json()
        requests.post(f"{vendor.url}/crm", json={"v": document["x17"]})
        return "ok"

    @app.post("/log-in")
    def log_in() -> str:
        flask.session["user_id"] = 5
        return "ok"

    return app.test_client()


def provenance(tracking: Tracking) -> dict[str, tuple[str, ...]]:
    """Return the parents of each tag that has a record."""
    from sst_otel.audit import open_reader

    tracking.tracker.audit.flush()
    reader = open_reader(tracking.tracker.settings, tracking.tracker.keys)
    try:
        rows, _ = reader.provenance(viewer=None, limit=1_000)
    finally:
        reader.close()
    return {row["tag_id"]: tuple(row["lineage"]) for row in rows}


def test_a_value_is_the_same_datum_under_another_name(
    tracking: Tracking, client: Any, sender: Sender
) -> None:
    """Nothing about ``x17`` says that it is a member's number; the sender knows."""
    client.post("/in", json={"x17": MEMBER}, headers=sender.headers(user_id=MEMBER))
    (row,) = tracking.rows()
    assert row["data_types"] == ["user_id"]
    assert row["tag_ids"] == [sender.tag_id("user_id", MEMBER)]
    assert tracking.sources() == {"json:x17"}
    assert row["metadata"][semconv.RECEIVED_TAG_IDS] == row["tag_ids"]
    assert provenance(tracking)[row["tag_ids"][0]] == ()  # it is the sender's, not made of it


def test_the_applications_own_people_come_first(
    tracking: Tracking, client: Any, sender: Sender
) -> None:
    client.post("/log-in")
    client.post("/in", json={"x17": MAIL}, headers=sender.headers(email=MAIL))
    (row,) = tracking.rows()
    assert row["owner_id"] == "5"
    theirs = sender.tag_id("email", MAIL)
    assert row["tag_ids"] != [theirs]
    assert row["metadata"][semconv.RECEIVED_TAG_IDS] == [theirs]
    assert provenance(tracking)[row["tag_ids"][0]] == (theirs,)


@pytest.mark.parametrize("name", ["x17", "user_id"])
def test_an_id_that_the_sender_has_tagged_is_the_persons_whoever_they_are_here(
    tracking: Tracking, vendor: Vendor, sender: Sender, name: str
) -> None:
    app = flask.Flask("known")
    app.secret_key = "s" * 20

    @app.post("/in")
    def take_in() -> str:
        flask.session.get("user_id")
        said = flask.request.get_json()[name]
        requests.post(f"{vendor.url}/crm", json={"v": said})
        return "ok"

    client = app.test_client()
    with client.session_transaction() as kept:
        kept["user_id"] = 5
    client.post("/in", json={name: MEMBER}, headers=sender.headers(user_id=MEMBER))
    client.post("/in", json={name: "WK-201-55-ABC-9"}, headers=sender.headers(email=MAIL))
    (row,) = tracking.rows()
    assert (row["owner_id"], row["data_types"]) == ("5", ["user_id"])
    assert row["metadata"][semconv.RECEIVED_TAG_IDS] == [sender.tag_id("user_id", MEMBER)]


def test_two_services_that_know_the_person_under_one_id_have_one_tag(
    tracking: Tracking, client: Any, sender: Sender
) -> None:
    sender.owner_ref = tracking.tracker.tagger.owner(5).ref
    client.post("/log-in")
    client.post("/in", json={"x17": MAIL}, headers=sender.headers(email=MAIL))
    (row,) = tracking.rows()
    (tag,) = row["tag_ids"]
    assert tag == sender.tag_id("email", MAIL)
    assert row["metadata"][semconv.RECEIVED_TAG_IDS] == [tag]
    assert provenance(tracking)[tag] == ()


def test_only_the_request_that_brought_it_says_so(
    tracking: Tracking, client: Any, sender: Sender
) -> None:
    client.post("/log-in")
    client.post("/in", json={"x17": MAIL}, headers=sender.headers(email=MAIL))
    client.post("/in", json={"x17": MAIL})
    first, second = tracking.rows()
    assert first["tag_ids"] == second["tag_ids"]
    assert semconv.RECEIVED_TAG_IDS not in second["metadata"]


def test_one_that_was_seen_before_gets_its_parent_then(
    tracking: Tracking, client: Any, sender: Sender
) -> None:
    client.post("/log-in")
    client.post("/in", json={"x17": MAIL})
    client.post("/in", json={"x17": MAIL}, headers=sender.headers(email=MAIL))
    first, second = tracking.rows()
    assert first["tag_ids"] == second["tag_ids"]
    assert provenance(tracking)[first["tag_ids"][0]] == (sender.tag_id("email", MAIL),)


def test_other_values_of_the_request_are_the_same_persons(
    tracking: Tracking, client: Any, sender: Sender
) -> None:
    client.post("/in", json={"x17": OTHER}, headers=sender.headers(email=MAIL))
    (row,) = tracking.rows()
    assert row["tag_ids"] == [sender.tag_id("email", OTHER)]
    assert provenance(tracking)[row["tag_ids"][0]] == ()


def test_a_hint_makes_nobody_an_account(tracking: Tracking, client: Any, sender: Sender) -> None:
    """Else whoever logs in later in a request would be taken for the sender's person."""
    client.post("/in", json={"x17": OTHER}, headers=sender.headers(email=MAIL))
    client.post("/log-in", headers=sender.headers(email=MAIL))
    client.post("/in", json={"x17": OTHER})
    first, second = tracking.rows()
    assert first["owner_id"] != second["owner_id"] == "5"
    assert first["tag_ids"] != second["tag_ids"]


@pytest.mark.parametrize("change", ["changed", "removed", "doubled", "encoded"])
@pytest.mark.parametrize("name", ["owner", "tags", "fp", "t", "mac"])
def test_an_entry_that_was_touched_makes_all_of_it_void(
    tracking: Tracking, client: Any, sender: Sender, name: str, change: str
) -> None:
    headers = sender.headers(user_id=MEMBER)
    members = headers["baggage"].split(",")
    (place,) = [n for n, one in enumerate(members) if one.startswith(f"sst.{name}=")]
    one, last = members[place][:-1], members[place][-1]
    members[place : place + 1] = {
        "changed": [one + ("1" if last != "1" else "2")],
        "removed": [],
        "doubled": [one + last] * 2,
        "encoded": [f"{one}%{ord(last):02x}"],
    }[change]
    client.post("/in", json={"x17": MEMBER}, headers={**headers, "baggage": ",".join(members)})
    assert tracking.rows() == []


@pytest.mark.parametrize(
    "parent",
    [
        "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c",
        "b7ad6b7169203331",
        "",
    ],
)
def test_it_counts_in_its_own_trace_only(
    tracking: Tracking, client: Any, sender: Sender, parent: str
) -> None:
    headers = {**sender.headers(user_id=MEMBER), "traceparent": parent}
    client.post("/in", json={"x17": MEMBER}, headers=headers)
    assert tracking.rows() == []


@pytest.mark.parametrize(("seconds", "counts"), [(-301, False), (-290, True), (90, False)])
def test_it_counts_for_five_minutes(
    tracking: Tracking, client: Any, sender: Sender, seconds: int, counts: bool
) -> None:
    sender.clock = lambda: time.time() + seconds
    client.post("/in", json={"x17": MEMBER}, headers=sender.headers(user_id=MEMBER))
    assert len(tracking.rows()) == counts


def test_of_another_key_it_says_nothing(tracking: Tracking, client: Any, sender: Sender) -> None:
    sender.use(Keys(b"another-key-of-32-bytes-in-length"))
    client.post("/in", json={"x17": MEMBER}, headers=sender.headers(user_id=MEMBER))
    assert tracking.rows() == []


def test_a_request_of_asgi(tracking: Tracking, vendor: Vendor, sender: Sender) -> None:
    app = FastAPI()

    @app.post("/in")
    def take_in(document: dict[str, str]) -> None:
        requests.post(f"{vendor.url}/crm", json={"v": document["x17"]})

    async def post() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            await client.post("/in", json={"x17": MEMBER}, headers=sender.headers(user_id=MEMBER))

    asyncio.run(post())
    (row,) = tracking.rows()
    assert row["tag_ids"] == [sender.tag_id("user_id", MEMBER)]


CARRIERS: dict[str, Callable[[dict[str, str]], Any]] = {
    "a mapping": dict,
    "pairs": lambda said: list(said.items()),
    "pairs of bytes": lambda said: [(name, value.encode()) for name, value in said.items()],
    "attributes": lambda said: {
        name: {"DataType": "String", "StringValue": value} for name, value in said.items()
    },
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_message_that_a_consumer_takes(
    tracking: Tracking, vendor: Vendor, sender: Sender, carrier: str
) -> None:
    headers = CARRIERS[carrier](sender.headers(user_id=MEMBER))
    with sst_otel.scope(name="letters", headers=headers):
        document = json.loads(f'{{"x17": "{MEMBER}"}}')
        requests.post(f"{vendor.url}/crm", json={"v": document["x17"]})
    (row,) = tracking.rows()
    assert row["data_types"] == ["user_id"]
    assert row["tag_ids"] == row["metadata"][semconv.RECEIVED_TAG_IDS]
    assert row["tag_ids"] == [sender.tag_id("user_id", MEMBER)]
    assert tracking.sources() == {"document:x17"}


@pytest.mark.parametrize("headers", [{}, [], "text", 7, [("baggage",)], [("baggage", 7)], [3]])
def test_headers_that_say_nothing(tracking: Tracking, vendor: Vendor, headers: Any) -> None:
    with sst_otel.scope(name="letters", headers=headers):
        requests.post(f"{vendor.url}/crm", json=json.loads(f'{{"x17": "{MEMBER}"}}'))
    assert tracking.rows() == []
