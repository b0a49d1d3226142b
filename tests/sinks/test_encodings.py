"""Compressed bodies through real clients: what only a header tells is told to the matcher, too."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import importlib
import json
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

import sst_otel
from tests.support import Tracking, Vendor

brotli: Any = importlib.import_module("brotli")  # has no types
MAIL = "ann.keller@example.com"
JSON = json.dumps([{"mail": MAIL, "city": "Boston"}]).encode()
Headers = dict[str, str]


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def with_http_client(url: str, body: bytes, headers: Headers) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("POST", "/", body, headers)
    connection.getresponse().read()
    connection.close()


def with_urllib(url: str, body: bytes, headers: Headers) -> None:
    request = urllib.request.Request(url, body, headers, method="POST")
    urllib.request.urlopen(request).close()


def with_aiohttp(url: str, body: bytes, headers: Headers) -> None:
    async def post() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=headers) as answer,
        ):
            await answer.read()

    asyncio.run(post())


def pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 7):
        yield body[start : start + 7]


CLIENTS: dict[str, Callable[[str, bytes, Headers], object]] = {
    "requests": lambda url, body, headers: requests.post(url, data=body, headers=headers),
    "requests, streamed": lambda url, body, headers: requests.post(
        url, data=pieces(body), headers=headers
    ),
    "httpx": lambda url, body, headers: httpx.post(url, content=body, headers=headers),
    "httpx, streamed": lambda url, body, headers: httpx.post(
        url, content=pieces(body), headers=headers
    ),
    "urllib3": lambda url, body, headers: urllib3.PoolManager().request(
        "POST", url, body=body, headers=headers
    ),
    "http.client": with_http_client,
    "urllib": with_urllib,
    "aiohttp": with_aiohttp,
}


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    sst_otel.tag("Boston", "city", owner_id="1")


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("br", brotli.compress), ("deflate", deflated), ("gzip", gzip.compress)],
    ids=["brotli", "raw deflate", "gzip"],
)
@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_each_client(
    tracking: Tracking,
    vendor: Vendor,
    client: Callable[[str, bytes, Headers], object],
    coding: str,
    pack: Callable[[bytes], bytes],
) -> None:
    body = pack(JSON)
    client(vendor.url, body, {"Content-Encoding": coding, "Content-Type": "application/json"})
    assert vendor.received[0][2] == body
    assert [(owner, types) for _, owner, types in tracking.shares()] == [("1", ("city", "email"))]
    (row,) = tracking.rows()
    assert {path.partition("[")[2] for path in row["paths"]} == {"0].mail", "0].city"}
