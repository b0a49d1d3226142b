"""Who sees whose rows, over HTTP on the launched shop: a signed session its own, staff all."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support import vendor_server
from tests.system.launch import Launched, launched
from tests.system.people import MARIA, OTHER, sign_in

STAFF = "staff-token-of-the-shop"
API = ("/provenance/api/audit-logs", "/provenance/api/provenance")
PAGES = ("/provenance/dashboard", "/provenance/audit-logs")
KEYS = {API[0]: "audit_logs", API[1]: "provenance"}


class Shop:
    """The running shop after two people have used it."""

    def __init__(self, app: Launched) -> None:
        self.app = app
        self.clients = [app.client(), app.client()]
        self.owners = []
        for client, person in zip(self.clients, (MARIA, OTHER), strict=True):
            self.owners.append(sign_in(client, app.url, person))
            assert client.post(f"{app.url}/contact").ok

    def owners_seen(self, client: requests.Session, path: str, **kwargs: Any) -> set[str] | int:
        """Return whose rows an answer holds, or the status of a refusal."""
        answer = client.get(self.app.url + path, **kwargs)
        if answer.status_code != 200:
            return answer.status_code
        return {row["owner_id"] for row in answer.json()[KEYS[path]]}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("access")
    with (
        vendor_server() as vendor,
        launched(folder, vendor.url, environ={"SST_STAFF_TOKEN": STAFF}) as app,
    ):
        yield Shop(app)


@pytest.mark.parametrize("path", API)
class TestApi:
    def test_a_person_sees_their_own(self, shop: Shop, path: str) -> None:
        for client, owner in zip(shop.clients, shop.owners, strict=True):
            assert shop.owners_seen(client, path) == {owner}

    def test_a_filter_opens_nobody_elses(self, shop: Shop, path: str) -> None:
        mine, other = shop.owners
        for wanted in (other, "", "*"):
            seen = shop.owners_seen(shop.clients[0], path, params={"owner_id": wanted})
            assert seen in ({mine}, set(), 400)

    def test_staff_see_all(self, shop: Shop, path: str) -> None:
        headers = {"Authorization": f"Bearer {STAFF}"}
        assert shop.owners_seen(shop.app.client(), path, headers=headers) == set(shop.owners)

    def test_nobody_sees_nothing(self, shop: Shop, path: str) -> None:
        assert shop.owners_seen(shop.app.client(), path) == 401

    @pytest.mark.parametrize("name", ["X-User-Id", "X-Owner-Id", "X-Forwarded-User", "Remote-User"])
    def test_a_forged_header_opens_nothing(self, shop: Shop, path: str, name: str) -> None:
        headers = {name: shop.owners[0]}
        assert shop.owners_seen(shop.app.client(), path, headers=headers) == 401
        assert shop.owners_seen(shop.clients[1], path, headers=headers) == {shop.owners[1]}

    @pytest.mark.parametrize("algorithm", ["none", "HS256"])
    def test_an_unverified_token_opens_nothing(self, shop: Shop, path: str, algorithm: str) -> None:
        claims = {"sub": shop.owners[0], "user_id": shop.owners[0]}
        token = f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(claims)}."
        for signature in ("", "c2lnbmF0dXJl"):
            headers = {"Authorization": f"Bearer {token}{signature}"}
            assert shop.owners_seen(shop.app.client(), path, headers=headers) == 401

    @pytest.mark.parametrize("token", ["", "x", STAFF[:-1], STAFF + "x", STAFF.upper(), "None"])
    def test_a_wrong_staff_token_opens_nothing(self, shop: Shop, path: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        assert shop.owners_seen(shop.app.client(), path, headers=headers) == 401
        client = shop.app.client()
        client.cookies.set("sst_staff", token)
        assert shop.owners_seen(client, path) == 401

    def test_a_tampered_session_opens_nothing(self, shop: Shop, path: str) -> None:
        good = shop.clients[0].cookies["session"]
        payload, rest = good.split(".", 1)
        forged = _part({"user_id": int(shop.owners[1])})
        last = "A" if good[-2] != "A" else "B"
        for cookie in (f"{forged}.{rest}", good[:-2] + last + good[-1], forged, f".{payload}", ""):
            client = shop.app.client()
            client.cookies.set("session", cookie)
            assert shop.owners_seen(client, path) == 401


@pytest.mark.parametrize("path", PAGES)
def test_pages_keep_to_the_same_rules(shop: Shop, path: str) -> None:
    url = shop.app.url + path
    assert shop.app.client().get(url).status_code == 401
    assert shop.app.client().get(url, headers={"X-User-Id": "1"}).status_code == 401
    staff = shop.app.client().get(url, headers={"Authorization": f"Bearer {STAFF}"})
    assert staff.status_code == 200
    assert "income" in staff.text.lower()
    own = shop.clients[0].get(url)
    assert own.status_code == 200
    events = shop.app.rows()
    for event in events:
        if event["owner_id"] != shop.owners[0]:
            assert event["event_id"] not in own.text


def test_a_logged_out_person_sees_nothing_more(shop: Shop) -> None:
    client = shop.app.client()
    client.post(f"{shop.app.url}/login", data={"email": MARIA.email, "password": MARIA.password})
    assert shop.owners_seen(client, API[0]) == {shop.owners[0]}
    client.cookies.clear()
    assert shop.owners_seen(client, API[0]) == 401


def test_a_header_attributes_where_it_is_asked_for_and_still_opens_nothing(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("header")
    environ = {"SST_OWNER": "header:X-User-Id"}
    with (
        vendor_server() as vendor,
        launched(folder, vendor.url, environ=environ) as app,
        app.client() as client,
    ):
        headers = {"X-User-Id": "gateway-7"}
        client.post(f"{app.url}/lookup", data={"email": MARIA.email}, headers=headers)
        assert [owner for _, owner, _ in app.shares()] == ["gateway-7"]
        for path in API:
            assert client.get(app.url + path, headers=headers).status_code == 401


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
