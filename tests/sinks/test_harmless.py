"""A program does with us what it does without, whatever becomes of its calls."""

from __future__ import annotations

import asyncio
import http.client
import importlib
import io
import json
import socket
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import redis
import requests
import urllib3
from redis.backoff import NoBackoff
from redis.retry import Retry

import sst_otel
from tests.sinks.unruly import ANSWER, MAIL, WAYS, Unruly, closed_port, come_of, unruly_server
from tests.support import tracking_in

botocore: Any = importlib.import_module("botocore.session")
botocore_config: Any = importlib.import_module("botocore.config")
pycurl: Any = importlib.import_module("pycurl")  # has no types
BODY = json.dumps({"mail": MAIL}).encode()
Program = Callable[[str, float], Any]
"""``program(url, seconds it waits for an answer)``."""


def with_requests(url: str, wait: float) -> Any:
    answer = requests.post(url, BODY, timeout=wait)
    return answer.status_code, answer.content, type(answer.request.body)


def with_urllib3(url: str, wait: float) -> Any:
    with urllib3.PoolManager(retries=False, timeout=wait) as pool:
        answer = pool.request("POST", url, body=BODY)
    return answer.status, answer.data


def with_urllib(url: str, wait: float) -> Any:
    with urllib.request.urlopen(url, BODY, timeout=wait) as answer:
        return answer.status, answer.read()


def with_http_client(url: str, wait: float) -> Any:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=wait)
    try:
        connection.request("POST", "/", BODY)
        return connection.getresponse().read()
    finally:
        connection.close()


def with_httpx(url: str, wait: float) -> Any:
    answer = httpx.post(url, content=BODY, timeout=wait, trust_env=False)
    return answer.status_code, answer.content


def with_httpx_stream(url: str, wait: float) -> Any:
    answer = httpx.post(url, content=iter([BODY]), timeout=wait, trust_env=False)
    return answer.status_code, type(answer.request.stream).__name__


def with_async_httpx(url: str, wait: float) -> Any:
    async def post() -> Any:
        async with httpx.AsyncClient(timeout=wait, trust_env=False) as client:
            return (await client.post(url, content=BODY)).content

    return asyncio.run(post())


def with_aiohttp(url: str, wait: float) -> Any:
    async def post() -> Any:
        timeout = aiohttp.ClientTimeout(total=wait)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=BODY) as answer,
        ):
            return await answer.read()

    return asyncio.run(post())


def with_botocore(url: str, wait: float) -> Any:
    client = botocore.get_session().create_client(
        "lambda",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=botocore_config.Config(
            retries={"total_max_attempts": 1},
            read_timeout=wait,
            proxies={},
            signature_version=importlib.import_module("botocore").UNSIGNED,
        ),
    )
    return sorted(client.invoke(FunctionName="f", Payload=BODY))


def with_pycurl(url: str, wait: float) -> Any:
    answer, curl = io.BytesIO(), pycurl.Curl()
    try:
        curl.setopt(curl.URL, url)
        curl.setopt(curl.POSTFIELDS, BODY)
        curl.setopt(curl.TIMEOUT_MS, int(wait * 1000))
        curl.setopt(curl.WRITEDATA, answer)
        return curl.perform(), answer.getvalue()
    finally:
        curl.close()


def with_socket(url: str, wait: float) -> Any:
    with socket.create_connection(("127.0.0.1", _port(url)), wait) as channel:
        channel.sendall(BODY)
        return channel.recv(10)


def with_asyncio(url: str, wait: float) -> Any:
    async def talk() -> Any:
        reader, writer = await asyncio.open_connection("127.0.0.1", _port(url))
        writer.write(BODY)
        try:
            await writer.drain()
            return await asyncio.wait_for(reader.read(), wait)
        finally:
            writer.close()

    return asyncio.run(talk())


def with_redis(url: str, wait: float) -> Any:
    client = redis.Redis(
        port=_port(url),
        protocol=2,
        driver_info=None,
        socket_timeout=wait,
        retry=Retry(NoBackoff(), 0),
    )
    with client:
        return client.set("mail", MAIL)


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


PROGRAMS: dict[str, Program] = {
    name.removeprefix("with_"): program
    for name, program in list(globals().items())
    if name.startswith("with_")
}


BELOW = ("socket", "asyncio")
CONNECT_FIRST = (*BELOW, "aiohttp", "redis", "httpx_stream")
"""Those of which nothing is seen before there is a connection."""


@pytest.fixture(scope="module")
def unruly() -> Iterator[Unruly]:
    with unruly_server() as server:
        yield server


def both(program: Callable[[], Any], unruly: Unruly, directory: Path) -> list[str]:
    """Run ``program`` without us and with us; return the outcomes that tracking has seen."""
    unruly.taken()
    alone, brought = come_of(program), unruly.taken()
    with tracking_in(directory) as tracking:
        sst_otel.tag(MAIL, "email", owner_id="7")
        together = come_of(program)
        assert together == alone
        assert unruly.taken() == brought
        outcomes = [row["outcome"] for row in tracking.rows()]
        assert tracking.errors() == {}
    return outcomes


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_call_comes_to_the_same(name: str, way: str, unruly: Unruly, tmp_path: Path) -> None:
    unruly.way = way
    unruly.answer = b"+OK\r\n" if name == "redis" else ANSWER
    wait = 0.15 if way == "is silent" else 20.0
    outcomes = both(lambda: PROGRAMS[name](unruly.url, wait), unruly, tmp_path)
    # What a socket took has left: an answer is nothing that it knows of.
    assert outcomes == ["sent" if way == "answers" or name in BELOW else "failed"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_nobody_listens(name: str, unruly: Unruly, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    outcomes = both(lambda: PROGRAMS[name](url, 20.0), unruly, tmp_path)
    assert outcomes == [] if name in CONNECT_FIRST else ["failed"]
