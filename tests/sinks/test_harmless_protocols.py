"""Mail, gRPC, websockets, commands and databases do with us what they do without."""

from __future__ import annotations

import asyncio
import importlib
import smtplib
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

import sst_otel
from tests.sinks.unruly import MAIL, Unruly, closed_port, come_of, unruly_server
from tests.support import tracking_in

grpc: Any = importlib.import_module("grpc")  # has no types
pymysql: Any = importlib.import_module("pymysql")
pymongo: Any = importlib.import_module("pymongo")
TEXT = f"Subject: hello\r\n\r\nWrite to {MAIL}\r\n"


def with_smtp(port: int) -> Any:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        return server.sendmail("shop@example.com", [MAIL], TEXT)


def with_grpc(port: int) -> Any:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/shop.Mails/Add")
        try:
            return call(MAIL.encode(), timeout=0.5)
        except grpc.RpcError as error:
            return type(error).__name__, error.code() is not None


def with_grpc_aio(port: int) -> Any:
    async def add() -> Any:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            try:
                return await channel.unary_unary("/shop.Mails/Add")(MAIL.encode(), timeout=0.5)
            except grpc.RpcError as error:
                return type(error).__name__, error.code() is not None

    return asyncio.run(add())


def with_websockets(port: int) -> Any:
    url = f"ws://127.0.0.1:{port}/?mail={MAIL}"
    with connect(url, open_timeout=20, proxy=None) as connection:
        return connection.recv()


def with_mysql(port: int) -> Any:
    return pymysql.connect(
        host="127.0.0.1", port=port, user=MAIL, connect_timeout=20, read_timeout=20
    )


def with_mongo(port: int) -> Any:
    with pymongo.MongoClient("127.0.0.1", port, serverSelectionTimeoutMS=300) as client:
        try:
            client.shop.people.insert_one({"_id": 1, "mail": MAIL})
        except Exception as error:
            return type(error).__qualname__


def with_a_missing_command(_port: int) -> Any:
    return subprocess.run(["/nowhere/curl", "-d", MAIL, "http://a.example"], check=True)


def with_a_closed_pipe(_port: int) -> Any:
    command = ["sendmail", MAIL]
    with subprocess.Popen(command, executable="/bin/true", stdin=subprocess.PIPE) as process:
        process.wait()
        assert process.stdin is not None
        process.stdin.write(MAIL.encode())
        process.stdin.flush()


def with_sqlite(_port: int) -> Any:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("create table people (mail text unique)")
        connection.execute("insert into people values (?)", [MAIL])
        connection.execute("insert into people values (?)", [MAIL])
    finally:
        connection.close()


def with_wrong_sql(_port: int) -> Any:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executemany("insert into nowhere values (?)", [[MAIL]])
    finally:
        connection.close()


PROGRAMS: dict[str, Callable[[int], Any]] = {
    name.removeprefix("with_"): program
    for name, program in list(globals().items())
    if name.startswith("with_")
}
WAYS = ("hangs up", "talks nonsense", "refuses")
LOCAL = ("a_missing_command", "a_closed_pipe", "sqlite", "wrong_sql")


OUTCOMES = {
    "grpc": ["failed"],
    "grpc_aio": ["failed"],
    "a_missing_command": ["failed"],
    "sqlite": ["sent", "failed"],
    "wrong_sql": ["failed"],
}
"""Those whose values have left, or were refused, for certain."""


@pytest.fixture(scope="module")
def unruly() -> Iterator[Unruly]:
    with unruly_server() as server:
        yield server


@pytest.mark.parametrize(
    ("name", "way"),
    [(name, way) for name in PROGRAMS for way in (WAYS[-1:] if name in LOCAL else WAYS)],
)
def test_a_program_comes_to_the_same(name: str, way: str, unruly: Unruly, tmp_path: Path) -> None:
    unruly.way, unruly.greets = way, name != "websockets"
    port = closed_port() if way == "refuses" else unruly.port
    alone = come_of(lambda: PROGRAMS[name](port))
    with tracking_in(tmp_path) as tracking:
        sst_otel.tag(MAIL, "email", owner_id="7")
        assert come_of(lambda: PROGRAMS[name](port)) == alone
        outcomes = [row["outcome"] for row in tracking.rows()]
        assert outcomes == OUTCOMES.get(name, outcomes)
        assert tracking.errors() == {}
