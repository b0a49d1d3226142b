"""pycurl against a loopback server: easy and multi handles, bodies in memory and read."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import pycurl  # type: ignore[import-untyped]
import pytest

import sst_otel
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"
BODY = f"mail={MAIL}"
ORIGINAL = pycurl.Curl


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


def curl(url: str, options: dict[str, Any]) -> Any:
    handle = pycurl.Curl()
    handle.setopt(handle.URL, url)
    handle.setopt(handle.WRITEFUNCTION, lambda _: None)
    for name, value in options.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of HTTPPOST, since 7.46
            handle.setopt(getattr(pycurl, name), value)
    return handle


OPTIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "POST text": lambda: {"POSTFIELDS": BODY},
    "POST bytes": lambda: {"COPYPOSTFIELDS": BODY.encode()},
    "GET header": lambda: {"HTTPHEADER": ["X-Other: 1", f"X-Mail: {MAIL}"]},
    "GET cookie": lambda: {"COOKIE": f"mail={MAIL}"},
    "GET user": lambda: {"USERPWD": f"{MAIL}:secret"},
    "POST form": lambda: {"HTTPPOST": [("mail", MAIL), ("a", (pycurl.FORM_CONTENTS, "b"))]},
    "POST form contents": lambda: {"HTTPPOST": [("mail", (pycurl.FORM_CONTENTS, MAIL))]},
    "PATCH custom": lambda: {"CUSTOMREQUEST": "PATCH", "POSTFIELDS": BODY},
    "PUT file": lambda: {
        "UPLOAD": 1,
        "READDATA": io.BytesIO(BODY.encode()),
        "INFILESIZE": len(BODY),
    },
    "PUT function": lambda: {
        "UPLOAD": 1,
        "READFUNCTION": io.BytesIO(BODY.encode()).read,
        "INFILESIZE": len(BODY),
    },
}


def easy(handle: Any) -> None:
    handle.perform()
    handle.close()


def answered(handle: Any) -> None:
    assert b"resp_1" in handle.perform_rb()
    handle.close()


def duplicated(handle: Any) -> None:
    twin = handle.duphandle()
    handle.close()
    easy(twin)


def multi(handle: Any) -> None:
    several = pycurl.CurlMulti()
    several.add_handle(handle)
    running = 1
    while running:
        _, running = several.perform()
        several.select(1.0)
    assert several.info_read()[2] == []
    several.remove_handle(handle)
    several.close()
    handle.close()


WAYS = {"easy": easy, "answered": answered, "duplicated": duplicated, "multi": multi}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", OPTIONS)
def test_a_transfer_is_one_event(name: str, way: str, tracking: Tracking, vendor: Vendor) -> None:
    WAYS[way](curl(f"{vendor.url}/v1/contact", OPTIONS[name]()))
    (row,) = tracking.rows()
    method = name.partition(" ")[0]
    assert row["destination"] == f"{method} 127.0.0.1/v1/contact"
    assert (row["owner_id"], row["data_types"], row["outcome"]) == ("1", ["email"], "sent")
    assert row["metadata"]["server.port"] == vendor.port
    ((sent, path, body),) = vendor.received
    assert (sent, path) == (method, "/v1/contact")
    if method in ("PUT", "PATCH"):
        assert body == BODY.encode()


def test_an_address_without_a_scheme(tracking: Tracking, vendor: Vendor) -> None:
    easy(curl(f"127.0.0.1:{vendor.port}/x?{BODY}", {}))
    assert [row["paths"] for row in tracking.rows()] == [["url.query.mail"]]


def test_a_handle_used_again_sends_what_is_set_then(tracking: Tracking, vendor: Vendor) -> None:
    handle = curl(vendor.url, {"POSTFIELDS": BODY})
    handle.perform()
    handle.setopt(pycurl.POSTFIELDS, "mail=none")
    handle.perform()
    handle.reset()
    handle.setopt(pycurl.URL, vendor.url)
    handle.setopt(pycurl.WRITEFUNCTION, lambda _: None)
    handle.setopt(pycurl.HTTPHEADER, [f"X-Mail: {MAIL}"])
    handle.unsetopt(pycurl.HTTPHEADER)
    easy(handle)
    assert len(vendor.received) == 3
    assert len(tracking.shares()) == 1


def test_errors_are_the_library_s_own(tracking: Tracking, vendor: Vendor) -> None:
    handle = curl("http://127.0.0.1:1/", {"POSTFIELDS": BODY})
    with pytest.raises(pycurl.error):
        easy(handle)
    with pytest.raises(TypeError):
        handle.setopt(pycurl.URL, object())
    with pytest.raises(pycurl.error):
        pycurl.Curl().perform()
    assert [row["outcome"] for row in tracking.rows()] == ["failed"]


def test_types_stay_what_they_were(tracking: Tracking) -> None:
    before, now = ORIGINAL(), pycurl.Curl()
    assert isinstance(before, pycurl.Curl)
    assert isinstance(now, pycurl.Curl)
    assert isinstance(now, ORIGINAL)
    assert issubclass(ORIGINAL, pycurl.Curl)
    assert not isinstance(pycurl.CurlMulti(), pycurl.Curl)
    assert (pycurl.Curl.__module__, pycurl.Curl.__name__) == ("pycurl", "Curl")

    class Own(pycurl.Curl):  # type: ignore[misc]
        pass

    assert isinstance(Own(), pycurl.Curl)


def test_an_application_s_own_class(tracking: Tracking, vendor: Vendor) -> None:
    class Own(pycurl.Curl):  # type: ignore[misc]
        def setopt(self, option: Any, value: Any) -> None:
            super().setopt(option, value)

    handle = Own()
    handle.setopt(pycurl.URL, f"{vendor.url}?{BODY}")
    handle.setopt(pycurl.WRITEFUNCTION, lambda _: None)
    easy(handle)
    assert len(tracking.shares()) == 1


def test_stop_makes_everything_the_original(tracking: Tracking, vendor: Vendor) -> None:
    handle = curl(vendor.url, {"POSTFIELDS": BODY})
    sst_otel.stop_tracking()
    assert pycurl.Curl is ORIGINAL
    easy(handle)
    assert [body for _, _, body in vendor.received] == [BODY.encode()]
