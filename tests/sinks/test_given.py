"""Requests made by hand: what they were made of is known when they are sent.

An income is too common a number to be recognised in the bytes; the very object tells.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
import requests

import sst_otel
from sst_otel.scope import Scope, leave_scope, open_scope
from sst_otel.shares import Part
from sst_otel.sinks import httpx as httpx_sink
from sst_otel.sinks import requests as requests_sink
from sst_otel.sinks.given import Given
from tests.support import Tracking, Vendor

Send = Callable[..., object]


@pytest.fixture
def pay(tracking: Tracking) -> Any:
    """An income that nothing but its identity tells, for as long as its request lasts."""
    scope = Scope()
    token = open_scope(scope)
    yield sst_otel.tag(int("73450"), "income", owner_id="1")
    leave_scope(token)
    scope.release()


def prepared(url: str, **given: Any) -> None:
    requests.Session().send(requests.Request("POST", url, **given).prepare())


def prepared_by_session(url: str, **given: Any) -> None:
    with requests.Session() as session:
        session.send(session.prepare_request(requests.Request("POST", url, **given)))


def prepared_and_copied(url: str, **given: Any) -> None:
    first = requests.Request("POST", url, **given).prepare()
    copy = first.copy()
    del first
    requests.Session().send(copy)


def prepared_step_by_step(url: str, **given: Any) -> None:
    request = requests.PreparedRequest()
    request.prepare_method("POST")
    request.prepare_url(url, given.get("params"))
    request.prepare_headers({})
    request.prepare_cookies({})
    request.prepare_body(given.get("data"), None, given.get("json"))
    requests.Session().send(request)


def made_for_httpx(url: str, **given: Any) -> None:
    with httpx.Client() as client:
        client.send(httpx.Request("POST", url, **given))


def built_by_httpx(url: str, **given: Any) -> None:
    with httpx.Client() as client:
        client.send(client.build_request("POST", url, **given))


def made_for_httpx2(url: str, **given: Any) -> None:
    with httpx2.Client() as client:
        client.send(httpx2.Request("POST", url, **given))


def made_for_httpx_async(url: str, **given: Any) -> None:
    async def send() -> None:
        async with httpx.AsyncClient() as client:
            await client.send(httpx.Request("POST", url, **given))

    asyncio.run(send())


HANDS: tuple[Send, ...] = (
    *(prepared, prepared_by_session, prepared_and_copied, prepared_step_by_step),
    *(made_for_httpx, built_by_httpx, made_for_httpx2, made_for_httpx_async),
)


@pytest.mark.parametrize("send", HANDS, ids=lambda send: send.__name__)
@pytest.mark.parametrize("place", ["json", "data", "params"])
def test_a_request_made_by_hand_is_known_by_its_objects(
    send: Send, place: str, pay: int, tracking: Tracking, vendor: Vendor
) -> None:
    send(f"{vendor.url}/v1/rates", **{place: {"n": pay}})
    assert [found for _, *found in tracking.shares()] == [["1", ("income",)]]
    assert len(vendor.received) == 1


@pytest.mark.parametrize("send", HANDS, ids=lambda send: send.__name__)
def test_the_same_number_of_nobody_is_none(
    send: Send, pay: int, tracking: Tracking, vendor: Vendor
) -> None:
    send(f"{vendor.url}/v1/rates", json={"n": int("73450")})
    assert tracking.shares() == []


class TestWhatAClientAddsToAll:
    """A session that speaks for somebody says so in every request."""

    def test_parameters_of_a_requests_session(
        self, pay: int, tracking: Tracking, vendor: Vendor
    ) -> None:
        with requests.Session() as session:
            session.params = {"n": pay}
            session.get(vendor.url)
        assert [found for _, *found in tracking.shares()] == [["1", ("income",)]]

    def test_cookies_of_a_requests_session(
        self, pay: int, tracking: Tracking, vendor: Vendor
    ) -> None:
        town = sst_otel.tag("".join(["Ba", "th"]), "city", owner_id="1")
        with requests.Session() as session:
            session.cookies.set("x", town)
            session.cookies.set("y", "Bath", domain="elsewhere.example")
            session.get(vendor.url)
        assert [found for _, *found in tracking.shares()] == [["1", ("city",)]]

    def test_parameters_of_an_httpx_client(
        self, pay: int, tracking: Tracking, vendor: Vendor
    ) -> None:
        with httpx.Client(params={"n": pay}) as client:
            client.get(vendor.url)
        assert [found for _, *found in tracking.shares()] == [["1", ("income",)]]

    def test_headers_of_an_httpx_client(self, pay: int, tracking: Tracking, vendor: Vendor) -> None:
        town = sst_otel.tag("".join(["Ba", "th"]), "city", owner_id="1")
        with httpx.Client(headers={"X-Branch": town}) as client:
            client.get(vendor.url)
        assert [found for _, *found in tracking.shares()] == [["1", ("city",)]]


class TestWhatIsNotSentAnyMore:
    """What a request was made of counts as far as it is in what leaves."""

    def test_another_body(self, pay: int, tracking: Tracking, vendor: Vendor) -> None:
        request = requests.Request("POST", vendor.url, json={"n": pay}).prepare()
        request.prepare_body(None, None, {"n": 1})
        requests.Session().send(request)
        assert tracking.shares() == []

    def test_a_body_put_in_its_place(self, pay: int, tracking: Tracking, vendor: Vendor) -> None:
        request = requests.Request("POST", vendor.url, data={"n": pay}).prepare()
        request.body = "n=73450000"
        request.headers["Content-Length"] = "10"
        requests.Session().send(request)
        assert tracking.shares() == []

    def test_a_redirect_is_the_same_request(
        self, pay: int, tracking: Tracking, vendor: Vendor
    ) -> None:
        vendor.redirects["/a"] = f"http://localhost:{vendor.port}/b"
        prepared(f"{vendor.url}/a", json={"n": pay})
        hosts = [row["metadata"]["server.address"] for row in tracking.rows()]
        assert hosts == ["127.0.0.1", "localhost"]


class TestGiven:
    """The table itself."""

    class Unequal:
        def __eq__(self, other: object) -> bool:
            raise AssertionError

        def __hash__(self) -> int:
            raise AssertionError

    def test_it_compares_nothing_and_forgets_what_has_gone(self) -> None:
        given, request = Given(), self.Unequal()
        given.keep(request, [Part("json", 1), Part("params", 2)])
        given.keep(request, [Part("json", 3)], ("json",))
        assert [(part.where, part.value) for part in given.to(request)] == [
            ("params", 2),
            ("json", 3),
        ]
        assert given.to(self.Unequal()) == ()
        del request
        gc.collect()
        assert len(given) == 0

    def test_nothing_kept_is_no_entry(self) -> None:
        given, request = Given(), self.Unequal()
        given.keep(request, [])
        assert len(given) == 0
        given.keep(request, [Part("json", 1)])
        given.keep(request, [], ("json",))
        assert len(given) == 0

    def test_sent_requests_are_forgotten(self, pay: int, vendor: Vendor) -> None:
        gc.collect()
        before = len(requests_sink._given), len(httpx_sink._given)
        prepared(vendor.url, json={"n": pay})
        made_for_httpx(vendor.url, json={"n": pay})
        gc.collect()
        assert (len(requests_sink._given), len(httpx_sink._given)) == before
