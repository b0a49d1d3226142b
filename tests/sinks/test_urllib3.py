"""urllib3, used directly, against a loopback vendor."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import requests
import urllib3

import sst_otel
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"
BODY = b'{"mail": "ann.keller@example.com"}'
PIECES = (BODY[:15], BODY[15:])


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


def send(url: str, method: str = "POST", **given: Any) -> None:
    with urllib3.PoolManager() as pool:
        pool.request(method, f"{url}/v1/contact", **given)


def pool(url: str) -> None:
    with urllib3.connection_from_url(url) as one:
        one.urlopen("POST", "/v1/contact", BODY)


CALLS: dict[str, Callable[[str], object]] = {
    "json": lambda url: send(url, json={"mail": MAIL}),
    "bytes": lambda url: send(url, body=BODY),
    "text": lambda url: send(url, body=BODY.decode()),
    "fields": lambda url: send(url, fields={"mail": MAIL}),
    "form": lambda url: send(url, fields={"mail": MAIL}, encode_multipart=False),
    "query": lambda url: send(url, "GET", fields={"mail": MAIL}),
    "header": lambda url: send(url, "GET", headers={"X-Mail": MAIL}),
    "file": lambda url: send(url, body=io.BytesIO(BODY)),
    "text file": lambda url: send(url, body=io.StringIO(BODY.decode())),
    "iterable": lambda url: send(url, body=iter(PIECES)),
    "chunked": lambda url: send(url, body=iter(PIECES), chunked=True),
    "one pool": pool,
    "module": lambda url: urllib3.request("POST", f"{url}/v1/contact", body=BODY),
}


@pytest.mark.parametrize("call", [pytest.param(call, id=name) for name, call in CALLS.items()])
def test_each_way_of_calling_is_one_event(
    call: Callable[[str], object], tracking: Tracking, vendor: Vendor
) -> None:
    call(vendor.url)
    ((destination, *found),) = tracking.shares()
    assert tuple(found) == ("1", ("email",))
    assert destination.endswith("127.0.0.1/v1/contact")
    assert [row["outcome"] for row in tracking.rows()] == ["sent"]
    assert len(vendor.received) == 1


def test_nothing_personal_is_no_event(tracking: Tracking, vendor: Vendor) -> None:
    send(vendor.url, json={"rates": [1, 2]})
    send(vendor.url, "GET", fields={"base": "USD"})
    assert tracking.shares() == []


def test_retries_are_one_event(tracking: Tracking, vendor: Vendor) -> None:
    vendor.failures["/v1/contact"] = 2
    retries = urllib3.Retry(3, status_forcelist=[503], allowed_methods=None)
    send(vendor.url, body=BODY, retries=retries)
    assert len(vendor.received) == 3
    assert len(tracking.shares()) == 1


def test_a_redirect_to_another_host_is_another_event(tracking: Tracking, vendor: Vendor) -> None:
    vendor.redirects["/v1/contact"] = f"http://localhost:{vendor.port}/v1/moved"
    send(vendor.url, body=BODY)
    hosts = [row["metadata"]["server.address"] for row in tracking.rows()]
    assert hosts == ["127.0.0.1", "localhost"]


def test_the_recipient_is_never_a_proxy(tracking: Tracking, vendor: Vendor) -> None:
    with urllib3.ProxyManager(vendor.url) as proxied:
        proxied.request("POST", "http://api.crm.example/v1/contact", body=BODY)
        proxied.request("POST", "http://api.crm.example/v1/contact", body=iter(PIECES))
    assert len(vendor.received) == 2
    destinations = {destination for destination, *_ in tracking.shares()}
    assert destinations == {"POST api.crm.example/v1/contact"}
    assert len(tracking.shares()) == 2


def test_errors_pass_unchanged_and_are_outcomes(tracking: Tracking) -> None:
    for body in (BODY, iter(PIECES)):  # nothing of the stream was even asked for
        with pytest.raises(urllib3.exceptions.MaxRetryError):
            send("http://127.0.0.1:1", body=body, retries=urllib3.Retry(1, backoff_factor=0))
    assert [row["outcome"] for row in tracking.rows()] == ["failed"]


def test_below_requests_it_is_claimed(tracking: Tracking, vendor: Vendor) -> None:
    requests.post(vendor.url, json={"mail": MAIL})
    assert len(tracking.shares()) == 1


def test_the_bytes_arrive_as_given(vendor: Vendor) -> None:
    body = io.BytesIO(BODY)
    send(vendor.url, body=body)
    assert vendor.received[0][2] == BODY
    assert not body.closed


def test_stop_makes_everything_the_original() -> None:
    sst_otel.stop_tracking()
    assert type(vars(urllib3.HTTPConnectionPool)["_make_request"]).__name__ == "function"
    assert type(vars(urllib3.HTTPConnectionPool)["urlopen"]).__name__ == "function"
