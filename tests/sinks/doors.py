"""One program for each door: how its client is opened, and how a document is sent with it.

Servers are real ones on loopback. A client is opened once and used as often as one likes, also from
other threads; what a test of all doors wants to know does not depend on the library.
"""

from __future__ import annotations

import asyncio
import http.client
import importlib
import json
import smtplib
import socket
import sqlite3
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import aiohttp
import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
import httpx
import httpx2
import openai
import pika  # type: ignore[import-untyped]
import pymongo
import pymysql  # type: ignore[import-untyped]
import redis
import requests
import urllib3
from aiosmtpd.smtp import SMTP
from fakeredis import TcpFakeServer
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from tests.serving import serving
from tests.sinks.amazon import Endpoint
from tests.sinks.amqp_server import amqp_server
from tests.sinks.mail_server import Inbox, mail_server
from tests.sinks.mongo_server import mongo_server
from tests.sinks.mysql_server import mysql_server
from tests.support import vendor_server

pycurl: Any = importlib.import_module("pycurl")  # has no types

Send = Callable[[Any], object]
"""Sends one document, and returns when it has been sent."""
_INSERT = "INSERT INTO events (document) VALUES (%s)"


@dataclass
class Servers:
    """Where each protocol is spoken."""

    port: int
    """HTTP."""
    amazon: Endpoint
    ports: dict[str, int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Run all of them until the block ends."""
    with ExitStack() as stack:
        enter = stack.enter_context
        http_port = enter(vendor_server()).port
        amazon = Endpoint()
        enter(serving(amazon))
        ports = {
            "smtp": enter(mail_server(SMTP, Inbox())),
            "mongo": enter(mongo_server()).port,
            "mysql": enter(mysql_server()).port,
            "amqp": enter(amqp_server()).port,
        }
        handler = grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")
        remote = grpc.server(ThreadPoolExecutor(2))
        generic = grpc.method_handlers_generic_handler("shop.Events", {"Add": handler})
        remote.add_generic_rpc_handlers((generic,))
        ports["grpc"] = remote.add_insecure_port("127.0.0.1:0")
        remote.start()
        stack.callback(lambda: remote.stop(None).wait())
        store = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
        store.daemon_threads = True
        ports["redis"] = enter(serving(store))
        sockets = enter(serve(_keep, "127.0.0.1", 0))
        ports["websockets"] = sockets.socket.getsockname()[1]
        thread = threading.Thread(target=sockets.serve_forever)
        thread.start()
        stack.callback(thread.join)
        stack.callback(sockets.shutdown)
        yield Servers(http_port, amazon, ports)


def _keep(connection: ServerConnection) -> None:
    for _ in connection:
        pass


@contextmanager
def with_requests(servers: Servers) -> Iterator[Send]:
    with requests.Session() as session:
        yield lambda tree: session.post(servers.url, json=tree, timeout=20).content


@contextmanager
def with_urllib3(servers: Servers) -> Iterator[Send]:
    with urllib3.PoolManager() as pool:
        yield lambda tree: pool.request("POST", servers.url, body=json.dumps(tree)).data


@contextmanager
def with_urllib(servers: Servers) -> Iterator[Send]:
    opener = urllib.request.build_opener()

    def send(tree: Any) -> None:
        opener.open(servers.url, json.dumps(tree).encode(), timeout=20).close()

    yield send


@contextmanager
def with_http_client(servers: Servers) -> Iterator[Send]:
    with closing(http.client.HTTPConnection("127.0.0.1", servers.port, timeout=20)) as connection:

        def send(tree: Any) -> None:
            connection.request("POST", "/v1", json.dumps(tree))
            connection.getresponse().read()

        yield send


@contextmanager
def with_httpx(servers: Servers) -> Iterator[Send]:
    with httpx.Client(trust_env=False) as client:
        yield lambda tree: client.post(servers.url, json=tree)


@contextmanager
def with_httpx2(servers: Servers) -> Iterator[Send]:
    with httpx2.Client(trust_env=False) as client:
        yield lambda tree: client.post(servers.url, json=tree)


@contextmanager
def _loop() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Run coroutines one after the other in one loop, from any thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def with_async_httpx(servers: Servers) -> Iterator[Send]:
    client = httpx.AsyncClient(trust_env=False)
    with _loop() as run:
        yield lambda tree: run(client.post(servers.url, json=tree))
        run(client.aclose())


@contextmanager
def with_aiohttp(servers: Servers) -> Iterator[Send]:
    async def opened() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    with _loop() as run:
        session = run(opened())

        async def post(tree: Any) -> None:
            async with session.post(servers.url, json=tree) as answer:
                await answer.read()

        yield lambda tree: run(post(tree))
        run(session.close())


@contextmanager
def with_botocore(servers: Servers) -> Iterator[Send]:
    with closing(servers.amazon.client("sqs")) as client:
        url = f"http://localhost:{servers.amazon.port}/1/events"
        yield lambda tree: client.send_message(QueueUrl=url, MessageBody=json.dumps(tree))


@contextmanager
def with_pycurl(servers: Servers) -> Iterator[Send]:
    with closing(pycurl.Curl()) as handle:

        def send(tree: Any) -> None:
            handle.setopt(pycurl.URL, servers.url)
            handle.setopt(pycurl.POSTFIELDS, json.dumps(tree))
            handle.setopt(pycurl.WRITEFUNCTION, lambda _: None)
            handle.perform()

        yield send


@contextmanager
def with_grpc(servers: Servers) -> Iterator[Send]:
    with grpc.insecure_channel(f"127.0.0.1:{servers.ports['grpc']}") as channel:
        call = channel.unary_unary("/shop.Events/Add")
        yield lambda tree: call(json.dumps(tree).encode(), timeout=20)


@contextmanager
def with_grpc_aio(servers: Servers) -> Iterator[Send]:
    async def opened() -> Any:
        return grpc.aio.insecure_channel(f"127.0.0.1:{servers.ports['grpc']}")

    with _loop() as run:
        channel = run(opened())

        async def add(tree: Any) -> None:
            await channel.unary_unary("/shop.Events/Add")(json.dumps(tree).encode(), timeout=20)

        yield lambda tree: run(add(tree))
        run(channel.close())


@contextmanager
def with_smtplib(servers: Servers) -> Iterator[Send]:
    with smtplib.SMTP("127.0.0.1", servers.ports["smtp"], timeout=20) as server:

        def send(tree: Any) -> None:
            message = EmailMessage()
            message["Subject"] = "events"
            message.set_content(json.dumps(tree, indent=1))
            server.send_message(message, "desk@shop.test", ["box@shop.test"])

        yield send


@contextmanager
def with_websockets(servers: Servers) -> Iterator[Send]:
    with connect(f"ws://127.0.0.1:{servers.ports['websockets']}/", proxy=None) as connection:
        yield lambda tree: connection.send(json.dumps(tree))


@contextmanager
def with_redis(servers: Servers) -> Iterator[Send]:
    with redis.Redis("127.0.0.1", servers.ports["redis"]) as client:
        yield lambda tree: client.set("event", json.dumps(tree))


@contextmanager
def with_pymongo(servers: Servers) -> Iterator[Send]:
    client: pymongo.MongoClient[Any] = pymongo.MongoClient("127.0.0.1", servers.ports["mongo"])
    with client:
        yield lambda tree: client.shop.events.insert_one({"_id": 1, "document": tree})


@contextmanager
def with_pymysql(servers: Servers) -> Iterator[Send]:
    with closing(
        pymysql.connect(host="127.0.0.1", port=servers.ports["mysql"], user="u", database="app")
    ) as connection:
        yield lambda tree: connection.cursor().execute(_INSERT, (json.dumps(tree),))


@contextmanager
def with_sqlite3(_servers: Servers) -> Iterator[Send]:
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:
        connection.execute("CREATE TABLE events (document TEXT)")
        statement = _INSERT.replace("%s", "?")
        yield lambda tree: connection.execute(statement, (json.dumps(tree),)).close()


@contextmanager
def with_pika(servers: Servers) -> Iterator[Send]:
    where = pika.ConnectionParameters("127.0.0.1", servers.ports["amqp"])
    with closing(pika.BlockingConnection(where)) as connection:
        channel = connection.channel()
        yield lambda tree: channel.basic_publish("", "events", json.dumps(tree).encode())


@contextmanager
def with_openai(servers: Servers) -> Iterator[Send]:
    with openai.OpenAI(api_key="k", base_url=servers.url, max_retries=0) as client:
        yield lambda tree: client.responses.create(model="m", input=json.dumps(tree))


@contextmanager
def with_curl(servers: Servers) -> Iterator[Send]:
    def send(tree: Any) -> None:
        command = ["curl", "--silent", "--data", "@-", servers.url]
        subprocess.run(command, input=json.dumps(tree).encode(), check=True, capture_output=True)

    yield send


@contextmanager
def with_socket(servers: Servers) -> Iterator[Send]:
    with socket.create_connection(("127.0.0.1", servers.port)) as connection:

        def send(tree: Any) -> None:
            body = json.dumps(tree).encode()
            head = f"POST /v1 HTTP/1.1\r\nHost: v.test\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            with suppress(OSError):
                connection.recv(65_536)

        yield send


DOORS: dict[str, Callable[[Servers], AbstractContextManager[Send]]] = {
    name.removeprefix("with_"): door
    for name, door in list(globals().items())
    if name.startswith("with_")
}
