"""Packages that have no sink of their own, and how what they send is seen, or why it is not.

The other table of ``sst-otel doctor``: those that we hook stand in :mod:`sst_otel.cli.libraries`.
A package in neither is seen as far as it stands on one of them, or on Python's own sockets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution

from sst_otel.cli.checks import NOTE, OK, Finding

THROUGH = {
    "aio-pika": "aiormq",
    "aioboto3": "botocore's sink",
    "aiobotocore": "botocore's sink",
    "aiosqlite": "sqlite3",
    "azure-core": "requests or aiohttp",
    "clickhouse-connect": "urllib3",
    "fastapi-mail": "aiosmtplib",
    "flask-mail": "smtplib",
    "google-api-core": "grpcio or requests",
    "google-cloud-storage": "requests",
    "httplib2": "http.client",
    "minio": "urllib3",
    "motor": "pymongo",
    "s3transfer": "botocore",
    "sendgrid": "urllib.request",
    "sentry-sdk": "urllib3",
    "slack-sdk": "urllib.request or aiohttp",
    "snowflake-connector-python": "http.client",
    "stripe": "requests or httpx",
    "twilio": "requests",
}
"""Distribution → what it stands on, the sink of which sees what it sends."""

BY_SOCKET = (
    "anyio",
    "clickhouse-driver",
    "gevent",
    "ldap3",
    "oracledb",
    "pymemcache",
    "pyopenssl",
    "python-tds",
    "statsd",
    "trio",
    "twisted",
    "websocket-client",
)
"""Distributions whose own writes the last door sees: told as ``socket``, with the host's name."""

_PARTLY = {
    "oracledb": " (in thin mode; its thick mode writes in C)",
}

_RECEIVED = "covered (forms, JSON and messages coming in)"
INCOMING = {
    "blacksheep": (OK, _RECEIVED),
    "litestar": (OK, _RECEIVED),
    "python-engineio": (OK, f"{_RECEIVED} as an ASGI application"),
    "quart": (OK, _RECEIVED),
    "sanic": (NOTE, "requests coming in are looked at under ASGI, not with its own server"),
}
"""Distribution of a web framework without a source of its own → what is seen of its requests."""

BELOW = {
    "adbc-driver-manager": "its drivers write in C",
    "asyncssh": "it encrypts what it writes itself",
    "connectorx": "it writes in Rust",
    "couchbase": "its core writes in C++",
    "curl-cffi": "libcurl writes in C",
    "cx-oracle": "Oracle's client library writes in C",
    "deltalake": "it writes in Rust",
    "duckdb": "it writes in C++",
    "hf-xet": "it writes in Rust",
    "ibm-db": "its client library writes in C",
    "paramiko": "it encrypts what it writes itself",
    "polars": "it writes in Rust",
    "primp": "it writes in Rust",
    "pulsar-client": "its core writes in C++",
    "pyarrow": "its file systems and Flight write in C++",
    "pylibmc": "libmemcached writes in C",
    "pymssql": "FreeTDS writes in C",
    "pyodbc": "its drivers write in C",
    "python-ldap": "libldap writes in C",
    "pyzmq": "libzmq writes in C",
    "tls-client": "it writes in Go",
    "uvloop": "its connections write in C",
}
"""Distribution → why what it sends itself is not seen; a sink above it still sees its own."""

_STANDARD = "covered (http.client, urllib, smtplib, sqlite3, subprocess)"
_LAST = (
    "Python's own sockets, TLS and asyncio are watched: what no sink knows is told as `socket`; "
    "os.write and os.sendfile to a socket pass below"
)
_CODECS = {
    "zstd": ("zstandard", "backports.zstd", "pyzstd"),
    "brotli": ("brotli", "brotlicffi"),
}


def packages() -> Iterator[Finding]:
    """Say of every package here that is known how what it sends is seen."""
    for name, version in installed(INCOMING):
        yield Finding("libraries", f"{name} {version}", *INCOMING[name])
    for name, version in installed(THROUGH):
        yield Finding("libraries", f"{name} {version}", OK, f"covered through {THROUGH[name]}")
    for name, version in installed(BY_SOCKET):
        text = f"seen by the last door, as `socket`{_PARTLY.get(name, '')}"
        yield Finding("libraries", f"{name} {version}", OK, text)
    for name, version in installed(BELOW):
        text = f"unseen: it passes below the last door ({BELOW[name]})"
        yield Finding("libraries", f"{name} {version}", NOTE, text)
    yield Finding("libraries", "Python", OK, _STANDARD)
    yield Finding("libraries", "all others", OK, _LAST)


def codecs() -> Iterator[Finding]:
    """Say which compressed bodies can be read beside gzip and deflate."""
    for coding, names in _CODECS.items():
        found = [f"{name} {version}" for name, version in installed(names)]
        if found:
            text = f"read once the application has loaded {' or '.join(found)}"
            yield Finding("bodies", coding, OK, text)
        else:
            text = f"none of {', '.join(names)} is here: such bodies stay unread"
            yield Finding("bodies", coding, NOTE, text)


def installed(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield name and version of those distributions that are here."""
    for name in names:
        try:
            yield name, distribution(name).version
        except PackageNotFoundError:
            continue
