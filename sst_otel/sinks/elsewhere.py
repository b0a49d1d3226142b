"""Who stands above the last door with a sink of its own, and what passes below it unseen.

Tables only: the last door asks the first two, ``sst-otel doctor`` shows the third.
"""

from __future__ import annotations

OWN_SINKS = (
    "http.client",
    "urllib3",
    "httpcore",
    "httpcore2",
    "aiohttp",
    "aiohappyeyeballs",
    "smtplib",
    "pymysql",
    "pymongo",
    "redis",
    "kafka",
    "pika",
    "amqp",
    "kombu",
    "websockets",
)
"""Modules, with what is in them, whose own writes to a socket another sink has looked at."""

DRIVERS = ("asyncpg", "aiomysql", "asyncmy", "pg8000", "mysql", "oracledb", "pytds", "MySQLdb")
"""Database drivers without one: below SQLAlchemy its sink has looked."""

PLUMBING = ("socket", "ssl", "asyncio", "selectors", "contextlib", "anyio", "trio", "sst_otel")
"""Modules that write for whoever called them."""

BELOW = {
    "uvloop": "its transports write in C",
    "gevent": "its sockets are its own",
    "psycopg-binary": "libpq writes in C",
    "psycopg2": "libpq writes in C",
    "psycopg2-binary": "libpq writes in C",
    "mysqlclient": "the MySQL client library writes in C",
    "grpcio": "its core writes in C",
    "confluent-kafka": "librdkafka writes in C",
    "pycurl": "libcurl writes in C",
    "pyzmq": "libzmq writes in C",
    "pyopenssl": "OpenSSL writes what is encrypted already",
}
"""Distribution → why a socket of it is not seen by the last door: only what a sink of its own
covers is. Everywhere: ``os.write`` and ``os.sendfile`` to a socket's descriptor."""


def is_in(module: str, names: tuple[str, ...]) -> bool:
    """Whether ``module`` is one of ``names`` or lies in one of them."""
    return any(module == name or module.startswith(name + ".") for name in names)
