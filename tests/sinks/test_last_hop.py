"""What is about to be sent: nothing of ours for a host that is not trusted, the rest as it was."""

from __future__ import annotations

import asyncio
import http.client
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import aiokafka  # type: ignore[import-untyped]
import confluent_kafka
import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
import httpx
import httpx2
import pytest
import requests
import urllib3
from kombu.connection import Connection

from sst_otel import guard
from sst_otel.sinks.carriers import without
from sst_otel.sinks.last_hop import LastHop
from sst_otel.trusted import TrustedHosts
from tests.sinks.publishing import kafka_cluster, last_header
from tests.support import Tracking, Vendor, tracking_in, vendor_server

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of its own imports
    from kafka import KafkaProducer  # type: ignore[import-untyped]

OURS = "sst.owner=abc,sst.mac=def"
MIXED = f"a=1,{OURS},b=2;p=3"
PLAIN = "a=1,b=2;p=3"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Vendor, Vendor]]:
    """One that is trusted, and another."""
    with ExitStack() as stack:
        yield stack.enter_context(vendor_server()), stack.enter_context(vendor_server())


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with kafka_cluster() as address:
        yield address


@pytest.fixture(autouse=True)
def tracking(tmp_path: Path, servers: tuple[Vendor, Vendor]) -> Iterator[Tracking]:
    port = servers[0].port
    with tracking_in(tmp_path, trusted_hosts=(f"127.0.0.1:{port}", "orders")) as tracking:
        yield tracking
        assert tracking.errors() == {}


@pytest.fixture
def trusted(servers: tuple[Vendor, Vendor]) -> Vendor:
    return servers[0]


@pytest.fixture
def other(servers: tuple[Vendor, Vendor]) -> Vendor:
    return servers[1]


def by_http_client(url: str, headers: dict[str, str]) -> None:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host)
    connection.request("POST", f"/{path}", b"x", headers)
    connection.getresponse().read()
    connection.close()


def by_urllib(url: str, headers: dict[str, str]) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, None, headers)) as answer:
        answer.read()


def by_urllib3(url: str, headers: dict[str, str]) -> None:
    with urllib3.PoolManager() as pool:
        pool.request("GET", url, headers=headers)


def by_requests(url: str, headers: dict[str, str]) -> None:
    requests.get(url, headers=headers)


def by_httpx(url: str, headers: dict[str, str]) -> None:
    with httpx.Client(follow_redirects=True) as client:
        client.get(url, headers=headers)


def by_httpx2(url: str, headers: dict[str, str]) -> None:
    with httpx2.Client(follow_redirects=True) as client:
        client.get(url, headers=headers)


def by_async_httpx(url: str, headers: dict[str, str]) -> None:
    async def get() -> None:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            await client.get(url, headers=headers)

    asyncio.run(get())


def by_aiohttp(url: str, headers: dict[str, str]) -> None:
    async def get() -> None:
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            await answer.read()

    asyncio.run(get())


CLIENTS = (
    by_http_client,
    by_urllib,
    by_urllib3,
    by_requests,
    by_httpx,
    by_httpx2,
    by_async_httpx,
    by_aiohttp,
)


def arrived(server: Vendor) -> str | None:
    """Return the header of the request that has come."""
    headers = server.messages.get(timeout=10)[3]
    return {name.lower(): value for name, value in headers.items()}.get("baggage")


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", ["baggage", "Baggage"])
def test_a_client(
    client: Callable[[str, dict[str, str]], None], name: str, trusted: Vendor, other: Vendor
) -> None:
    headers = {name: MIXED, "x-other": "sst.owner=abc"}
    client(f"{other.url}/a", headers)
    assert arrived(other) == PLAIN
    client(f"{trusted.url}/a", headers)
    assert arrived(trusted) == MIXED
    client(f"{other.url}/a", {name: OURS})
    assert arrived(other) is None
    assert headers == {name: MIXED, "x-other": "sst.owner=abc"}


@pytest.mark.parametrize("client", [one for one in CLIENTS if one is not by_http_client])
def test_a_redirect_away(
    client: Callable[[str, dict[str, str]], None], trusted: Vendor, other: Vendor
) -> None:
    trusted.redirects["/away"] = f"{other.url}/there"
    client(f"{trusted.url}/away", {"baggage": MIXED})
    assert arrived(trusted) == MIXED
    assert arrived(other) == PLAIN


def test_a_session_and_a_prepared_request_keep_their_headers(other: Vendor) -> None:
    with requests.Session() as session:
        session.headers["baggage"] = MIXED
        prepared = session.prepare_request(requests.Request("GET", other.url))
        answer = session.send(prepared)
        assert prepared.headers["baggage"] == answer.request.headers["baggage"] == MIXED
    assert arrived(other) == PLAIN


def test_a_proxy_is_not_the_host(trusted: Vendor, other: Vendor) -> None:
    proxies = {"http": trusted.url}
    requests.get("http://crm.example/x", headers={"baggage": MIXED}, proxies=proxies)
    assert arrived(trusted) == PLAIN


class TestGrpc:
    @pytest.fixture
    def server(self) -> Iterator[tuple[str, list[str | None]]]:
        seen: list[str | None] = []

        def answer(request: bytes, context: Any) -> bytes:
            seen.append(dict(context.invocation_metadata()).get("baggage"))
            return request

        handler = grpc.method_handlers_generic_handler(
            "shop.Crm", {"Add": grpc.unary_unary_rpc_method_handler(answer)}
        )
        server = grpc.server(ThreadPoolExecutor(1), handlers=[handler])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}", seen
        server.stop(None).wait()

    def test_synchronous(self, server: tuple[str, list[str | None]]) -> None:
        target, seen = server
        with grpc.insecure_channel(target) as channel:
            call = channel.unary_unary("/shop.Crm/Add")
            metadata = (("baggage", MIXED), ("x", "y"))
            call(b"1", metadata=metadata)
            call.with_call(b"1", None, metadata)
            call.future(b"1", metadata=(("baggage", OURS),)).result()
        assert seen == [PLAIN, PLAIN, None]
        assert metadata == (("baggage", MIXED), ("x", "y"))

    def test_asyncio(self, server: tuple[str, list[str | None]]) -> None:
        target, seen = server

        async def call() -> None:
            async with grpc.aio.insecure_channel(target) as channel:
                add = channel.unary_unary("/shop.Crm/Add")
                await add(b"1", metadata=(("baggage", MIXED),))
                await add(b"1", metadata=grpc.aio.Metadata(("baggage", MIXED), ("x", "y")))

        asyncio.run(call())
        assert seen == [PLAIN, PLAIN]


class TestMessages:
    """Brokers have many readers: what counts is the name of the queue."""

    @pytest.mark.parametrize(("queue", "header"), [("orders", MIXED), ("elsewhere", PLAIN)])
    def test_kombu(self, queue: str, header: str) -> None:
        headers = {"baggage": MIXED, "task": "shop.remind"}
        made: Any = Connection("memory://")  # type: ignore[no-untyped-call]
        with made as connection:
            box = connection.SimpleQueue(queue)
            box.put({}, headers=headers, routing_key=queue)
            message = box.get(timeout=5)
            box.clear()
            box.close()
        assert message.headers["baggage"] == header
        assert headers["baggage"] == MIXED

    @pytest.mark.parametrize("library", ["kafka-python", "aiokafka", "confluent-kafka"])
    def test_kafka(self, library: str, cluster: str) -> None:
        headers = [("baggage", MIXED.encode())]
        for topic in ("orders", "elsewhere"):
            if library == "kafka-python":
                producer = KafkaProducer(bootstrap_servers=cluster, api_version=(2, 3))
                producer.send(topic, b"x", headers=headers).get(timeout=10)
                producer.close(timeout=1)
            elif library == "aiokafka":
                asyncio.run(_by_aiokafka(cluster, topic, headers))
            else:
                confluent: Any = confluent_kafka.Producer({"bootstrap.servers": cluster})
                confluent.produce(topic, b"x", headers=headers)
                confluent.flush(10)
        assert headers == [("baggage", MIXED.encode())]
        assert last_header(cluster, "orders", "baggage") == MIXED
        assert last_header(cluster, "elsewhere", "baggage") == PLAIN


async def _by_aiokafka(cluster: str, topic: str, headers: list[tuple[str, bytes]]) -> None:
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=cluster) as producer:
        await producer.send_and_wait(topic, b"x", headers=headers)


def test_only_what_is_ours_changes() -> None:
    pairs = [("baggage", MIXED.encode()), ("a", b"sst.x=1"), ("baggage", b"c=3")]
    assert without(pairs) == [("baggage", PLAIN.encode()), ("a", b"sst.x=1"), ("baggage", b"c=3")]
    assert without({"baggage": OURS, "a": 1}) == {"a": 1}
    for unchanged in ({"baggage": PLAIN}, [("baggage", 7)], [], (("a", "b"),), "text", None):
        assert without(unchanged) is None


def test_what_leads_nobody_knows_where_takes_nothing_along() -> None:
    def unknown() -> Any:
        raise AttributeError("_target")

    hop = LastHop(TrustedHosts(("*",)), lambda _trace_id: ("sst.x=1",))
    assert hop.changed({"baggage": MIXED}, unknown) == {"baggage": PLAIN}
    assert guard.error_counts() == {"sink.last_hop": 1}
    guard.reset()
