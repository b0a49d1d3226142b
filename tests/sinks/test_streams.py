"""Bodies that are streams: read when the library reads them, kept within a budget, whole."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

import sst_otel
from sst_otel.matching.parts import MAX_BODY
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"
ROWS = f"id,mail\n1,{MAIL}\n".encode()


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


def post_later(url: str, body: Callable[[], AsyncIterator[bytes]]) -> None:
    async def post() -> None:
        async with httpx.AsyncClient() as client:
            await client.post(url, content=body())

    asyncio.run(post())


class TestNeverEarly:
    """The first piece is asked for when the request is on its way."""

    @pytest.fixture
    def begun(self, vendor: Vendor) -> threading.Event:
        event = threading.Event()
        vendor.on_request = event.set
        return event

    @pytest.mark.parametrize(
        "send",
        [
            lambda url, body: requests.post(url, data=body),
            lambda url, body: httpx.post(url, content=body),
        ],
        ids=["requests", "httpx"],
    )
    def test_a_generator(
        self, tracking: Tracking, vendor: Vendor, begun: threading.Event, send: Any
    ) -> None:
        seen = []

        def body() -> Iterator[bytes]:
            seen.append(begun.wait(10))
            yield ROWS

        send(vendor.url, body())
        assert seen == [True]
        assert vendor.received[0][2] == ROWS
        assert len(tracking.shares()) == 1

    def test_an_async_generator(
        self, tracking: Tracking, vendor: Vendor, begun: threading.Event
    ) -> None:
        seen = []

        async def body() -> AsyncIterator[bytes]:
            seen.append(await asyncio.to_thread(begun.wait, 10))
            yield ROWS

        post_later(vendor.url, body)
        assert seen == [True]
        assert len(tracking.shares()) == 1


class TestBudget:
    """What goes beyond the budget is not kept, arrives all the same, and is said."""

    @pytest.mark.parametrize("size", [MAX_BODY - len(ROWS), MAX_BODY], ids=["within", "beyond"])
    @pytest.mark.parametrize("pieces", [1, 7])
    def test_a_generator(self, tracking: Tracking, vendor: Vendor, size: int, pieces: int) -> None:
        rest = b"x" * size

        def body() -> Iterator[bytes]:
            yield ROWS
            for start in range(0, size, -(-size // pieces)):
                yield rest[start : start + -(-size // pieces)]

        requests.post(vendor.url, data=body())
        assert vendor.received[0][2] == ROWS + rest
        (row,) = tracking.rows()
        assert row["metadata"].get("sst.unread") == (1 if size == MAX_BODY else None)

    def test_a_failing_generator_fails_as_it_did(self, tracking: Tracking, vendor: Vendor) -> None:
        class Broken(Exception):
            pass

        error = Broken()

        def body() -> Iterator[bytes]:
            yield ROWS
            raise error

        with pytest.raises(Broken) as caught:
            httpx.post(vendor.url, content=body())
        assert caught.value is error
        assert [row["outcome"] for row in tracking.rows()] == ["failed"]


class TestFiles:
    """An open file is sent from where it stands, and again where a redirect asks for it again."""

    @pytest.fixture
    def export(self, tmp_path: Path) -> Path:
        path = tmp_path / "export.csv"
        path.write_bytes(b"skipped\n" + ROWS)
        return path

    def test_a_file_read_on_from_its_middle(
        self, tracking: Tracking, vendor: Vendor, export: Path
    ) -> None:
        with export.open("rb") as opened:
            opened.readline()
            requests.post(vendor.url, data=opened)
            assert opened.tell() == export.stat().st_size
        assert vendor.received[0][2] == ROWS
        assert len(tracking.shares()) == 1

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_a_redirect(self, tracking: Tracking, vendor: Vendor, export: Path, host: str) -> None:
        vendor.redirects["/a"] = f"http://{host}:{vendor.port}/b"
        with export.open("rb") as opened:
            requests.post(f"{vendor.url}/a", data=opened)
        assert [body for _, _, body in vendor.received] == [b"skipped\n" + ROWS] * 2
        assert len(tracking.shares()) == (1 if host == "127.0.0.1" else 2)

    def test_a_file_in_a_form(self, tracking: Tracking, vendor: Vendor, export: Path) -> None:
        with export.open("rb") as opened:
            httpx.post(vendor.url, files={"f": opened})
        assert ROWS in vendor.received[0][2]
        ((_, owner, types),) = tracking.shares()
        assert (owner, types) == ("1", ("email",))
