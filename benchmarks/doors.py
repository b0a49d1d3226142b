"""One call by each library, as an application would make it: over connections that are kept."""

from __future__ import annotations

import asyncio
import http.client
import smtplib
import socket
import sqlite3
import urllib.request
from collections.abc import Callable, Coroutine
from email.message import EmailMessage
from typing import Any

JSON = {"Content-Type": "application/json"}
Send = Callable[[bytes], object]
"""Sends a body, and waits for the answer where there is one."""
Ports = dict[str, int]


def _url(ports: Ports) -> str:
    return f"http://127.0.0.1:{ports['http']}/v1/track"


def by_requests(ports: Ports) -> Send:
    """Send by a session of requests."""
    import requests

    session, url = requests.Session(), _url(ports)
    return lambda body: session.post(url, data=body, headers=JSON).content


def by_httpx(ports: Ports) -> Send:
    """Send by a client of httpx."""
    import httpx

    client, url = httpx.Client(), _url(ports)
    return lambda body: client.post(url, content=body, headers=JSON).content


def by_httpx_async(ports: Ports) -> Send:
    """Send by an asynchronous client of httpx."""
    import httpx

    client, url = httpx.AsyncClient(), _url(ports)
    return _awaited(lambda body: client.post(url, content=body, headers=JSON))


def by_aiohttp(ports: Ports) -> Send:
    """Send by a session of aiohttp."""
    import aiohttp

    url = _url(ports)
    sessions: list[aiohttp.ClientSession] = []

    async def send(body: bytes) -> None:
        if not sessions:
            sessions.append(aiohttp.ClientSession())
        async with sessions[0].post(url, data=body, headers=JSON) as response:
            await response.read()

    return _awaited(send)


def _awaited(send: Callable[[bytes], Coroutine[Any, Any, object]]) -> Send:
    loop = asyncio.new_event_loop()
    return lambda body: loop.run_until_complete(send(body))


def by_urllib3(ports: Ports) -> Send:
    """Send by a pool of urllib3."""
    import urllib3

    pool, url = urllib3.PoolManager(), _url(ports)
    return lambda body: pool.request("POST", url, body=body, headers=JSON).data


def by_urllib(ports: Ports) -> Send:
    """Send by ``urllib.request.urlopen``, which connects for each call."""
    url = _url(ports)

    def send(body: bytes) -> None:
        with urllib.request.urlopen(urllib.request.Request(url, body, JSON)) as response:
            response.read()

    return send


def by_http_client(ports: Ports) -> Send:
    """Send by a connection of http.client."""
    connection = http.client.HTTPConnection("127.0.0.1", ports["http"])

    def send(body: bytes) -> None:
        connection.request("POST", "/v1/track", body, JSON)
        connection.getresponse().read()

    return send


def by_boto3(ports: Ports) -> Send:
    """Put an object into a bucket."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{ports['http']}",
        region_name="eu-west-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
    )
    return lambda body: client.put_object(Bucket="b", Key="k", Body=body)


def by_openai(ports: Ports) -> Send:
    """Send a prompt."""
    import openai

    client = openai.OpenAI(base_url=f"http://127.0.0.1:{ports['http']}/v1", api_key="k")
    chat: Any = client.chat.completions
    return lambda body: chat.create(
        model="m", messages=[{"role": "user", "content": body.decode()}]
    )


def by_grpc(ports: Ports) -> Send:
    """Send by a unary call."""
    import grpc

    limit = [("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel(f"127.0.0.1:{ports['grpc']}", options=limit)
    call = channel.unary_unary("/shop.Crm/Add")
    return lambda body: call(body)


def by_smtplib(ports: Ports) -> Send:
    """Mail the body as text to a colleague."""
    client = smtplib.SMTP("127.0.0.1", ports["smtp"])

    def send(body: bytes) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@shop.example", "b@shop.example", "report"
        mail.set_content(body.decode(), cte="7bit" if len(body) < 900 else "quoted-printable")
        client.send_message(mail)

    return send


def by_sqlite3(_ports: Ports) -> Send:
    """Write the body into a table."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)")
    connection.execute("INSERT INTO notes VALUES (1, '')")
    update = "UPDATE notes SET body = ? WHERE id = 1"
    return lambda body: connection.execute(update, (body.decode(),))


def by_redis(ports: Ports) -> Send:
    """Set a key."""
    import redis

    client = redis.Redis("127.0.0.1", ports["redis"])
    return lambda body: client.set("k", body)


def by_socket(ports: Ports) -> Send:
    """Write to a plain socket: the last door."""
    connection = socket.create_connection(("127.0.0.1", ports["raw"]))
    return connection.sendall


DOORS: dict[str, Callable[[Ports], Send]] = {
    "requests": by_requests,
    "httpx": by_httpx,
    "httpx async": by_httpx_async,
    "aiohttp": by_aiohttp,
    "urllib3": by_urllib3,
    "urllib": by_urllib,
    "http.client": by_http_client,
    "boto3 S3": by_boto3,
    "openai": by_openai,
    "grpc": by_grpc,
    "smtplib": by_smtplib,
    "sqlite3": by_sqlite3,
    "redis": by_redis,
    "socket": by_socket,
}
