"""Who stands above the last door: with a sink of its own, as a database's driver, as plumbing."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FrameType

OWN_SINKS = (
    "http.client",
    "urllib3",
    "httpcore",
    "httpcore2",
    "aiohttp",
    "aiohappyeyeballs",
    "smtplib",
    "aiosmtplib",
    "asyncpg",
    "pg8000",
    "aiomysql",
    "asyncmy",
    "mysql",
    "pymysql",
    "pymongo",
    "redis",
    "kafka",
    "aiokafka",
    "pika",
    "aiormq",
    "nats",
    "stomp",
    "paho",
    "amqp",
    "kombu",
    "websockets",
)
"""Modules, with what is in them, whose own writes to a socket another sink has looked at."""

DRIVERS = {
    "oracledb": "oracle",
    "pytds": "microsoft.sql_server",
    "clickhouse_driver": "clickhouse",
    "cassandra": "cassandra",
    "pymemcache": "memcached",
}
"""Drivers of databases without one → OpenTelemetry's ``db.system.name``. Below SQLAlchemy its
sink has looked."""

_MAX_FRAMES = 200
PLUMBING = (
    "socket",
    "ssl",
    "asyncio",
    "selectors",
    "contextlib",
    "anyio",
    "trio",
    "gevent",
    "OpenSSL",
    "sst_otel",
)
"""Modules that write for whoever called them."""


def is_in(module: str, names: Iterable[str]) -> bool:
    """Whether ``module`` is one of ``names`` or lies in one of them."""
    return any(module == name or module.startswith(name + ".") for name in names)


def writer_of(frame: FrameType | None) -> str:
    """Return the module that writes, above the standard library's own layers."""
    for _ in range(_MAX_FRAMES):
        if frame is None:
            break
        module = frame.f_globals.get("__name__")
        if isinstance(module, str) and not is_in(module, PLUMBING):
            return module
        frame = frame.f_back
    return ""


def below_sqlalchemy() -> bool:
    """Whether SQLAlchemy is among the callers: its sink has looked."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if isinstance(module, str) and is_in(module, ("sqlalchemy",)):
            return True
        frame = frame.f_back
    return False
