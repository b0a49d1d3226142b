"""The thread that writes events off the event loop, where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import sst_otel
from sst_otel.sinks import share
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the thread take nothing any more, as when the interpreter ends."""
    writer = ThreadPoolExecutor(1)
    writer.shutdown()
    monkeypatch.setattr(share, "_writer", writer)
    yield
    share.forget_writer()


@pytest.mark.usefixtures("over")
def test_a_call_at_the_end_is_written(tracking: Tracking, vendor: Vendor) -> None:
    async def post() -> None:
        async with httpx.AsyncClient() as client:
            await client.post(vendor.url, json={"mail": MAIL})

    sst_otel.tag(MAIL, "email", owner_id="1")
    asyncio.run(post())
    assert [row["outcome"] for row in tracking.rows()] == ["sent"]
