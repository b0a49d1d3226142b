"""A payload that is a generator or an open file is the application's: never read early or twice."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

import sst_otel
from tests.support import Tracking, Vendor
from tests.system.launch import wait_until

MAIL = "ann.keller@example.com"
PIECES = (b"to: ann.kel", b"ler@example", b".com")


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


def by_requests(url: str, body: Any) -> None:
    requests.post(url, data=body, timeout=20)


def by_httpx(url: str, body: Any) -> None:
    httpx.post(url, content=body, timeout=20)


SENDERS = pytest.mark.parametrize("send", [by_requests, by_httpx])
Send = Callable[[str, Any], None]


@SENDERS
def test_a_generator_goes_piece_by_piece(send: Send, vendor: Vendor, tracking: Tracking) -> None:
    """Each piece is only made when the vendor has the one before it."""

    def pieces() -> Iterator[bytes]:
        for number, piece in enumerate(PIECES):
            wait_until(lambda: len(vendor.chunks) == number)  # noqa: B023
            yield piece

    send(vendor.url, pieces())
    assert tuple(vendor.chunks) == PIECES
    assert [types for _, _, types in tracking.shares()] == [("email",)]


def test_an_async_generator_goes_piece_by_piece(vendor: Vendor, tracking: Tracking) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number, piece in enumerate(PIECES):
            while len(vendor.chunks) < number:
                await asyncio.sleep(0)
            yield piece

    async def send() -> None:
        async with httpx.AsyncClient() as client:
            await client.post(vendor.url, content=pieces())

    asyncio.run(send())
    assert tuple(vendor.chunks) == PIECES
    assert [types for _, _, types in tracking.shares()] == [("email",)]


class Recorded(io.FileIO):
    """An open file that tells how it was used."""

    def __init__(self, path: Path, used: list[tuple[str, Any]]) -> None:
        super().__init__(path)
        self._used = used

    def read(self, size: int | None = -1) -> bytes:
        self._used.append(("read", size))
        return super().read(-1 if size is None else size)

    def readall(self) -> bytes:
        self._used.append(("readall", None))
        return super().readall()

    def seek(self, offset: int, whence: int = 0) -> int:
        self._used.append(("seek", (offset, whence)))
        return super().seek(offset, whence)

    def readline(self, size: int | None = -1) -> bytes:
        self._used.append(("readline", size))
        return super().readline(-1 if size is None else size)


@pytest.mark.parametrize(
    ("send", "start"),
    [(by_requests, 0), (by_requests, 7), (by_httpx, 0)],  # httpx declares a file's whole length
)
def test_an_open_file_is_used_as_without_us(
    send: Send, start: int, vendor: Vendor, tracking: Tracking, tmp_path: Path
) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Hello! " + b"".join(PIECES) * 20_000)
    uses: list[list[tuple[str, Any]]] = []
    for _ in range(2):
        used: list[tuple[str, Any]] = []
        with Recorded(path, used) as file:
            file.seek(start)
            send(vendor.url, file)
            used.append(("position", file.tell()))
        uses.append(used)
        if len(uses) == 1:
            assert [types for _, _, types in tracking.shares()] == [("email",)]
            sst_otel.stop_tracking()
    assert uses[0] == uses[1]
    assert vendor.received[0] == vendor.received[1]
    assert vendor.received[0][2] == path.read_bytes()[start:]


@SENDERS
def test_a_generator_that_fails_is_the_applications_error(
    send: Send, vendor: Vendor, tracking: Tracking
) -> None:
    def pieces() -> Iterator[bytes]:
        yield MAIL.encode() + b" "
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        send(vendor.url, pieces())
    assert [row["outcome"] for row in tracking.rows()] == ["failed"]


@SENDERS
def test_a_generator_that_is_never_asked_is_never_run(send: Send, tracking: Tracking) -> None:
    asked = []

    def pieces() -> Iterator[bytes]:
        asked.append(1)
        yield b""

    with pytest.raises((requests.ConnectionError, httpx.ConnectError)):
        send("http://127.0.0.1:1", pieces())
    assert asked == []


@SENDERS
def test_an_endless_body_is_not_kept(send: Send, vendor: Vendor, tracking: Tracking) -> None:
    """What passes after our budget is sent on all the same."""
    block = b"x" * 1_000_000

    def pieces() -> Iterator[bytes]:
        yield json.dumps({"mail": MAIL}).encode()
        for _ in range(12):
            yield block

    send(vendor.url, pieces())
    assert len(vendor.received[0][2]) > 12_000_000
    assert len(tracking.shares()) == 1
