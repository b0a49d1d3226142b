"""All sinks that are one function; those of raw drivers go beneath the cursors of their sources."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sst_otel.patching import Patches
from sst_otel.settings import Settings
from sst_otel.sinks import (
    aiohttp,
    botocore,
    confluent_kafka,
    elasticsearch,
    files,
    grpc,
    http_client,
    httpx,
    kafka,
    kombu,
    llm,
    logs,
    pika,
    psycopg,
    pycurl,
    pymongo,
    pymysql,
    redis,
    requests,
    smtp,
    sockets,
    sqlalchemy,
    subprocess,
    urllib,
    urllib3,
    websockets,
)
from sst_otel.sinks.outgoing import Outgoing

_INSTALLS: tuple[Callable[[Outgoing], Patches], ...] = (
    requests.install,
    httpx.install,
    llm.install,
    aiohttp.install,
    urllib3.install,
    urllib.install,
    http_client.install,
    sockets.install,
    sqlalchemy.install,
    psycopg.install,
    pymysql.install,
    pymongo.install,
    redis.install,
    elasticsearch.install,
    kombu.install,
    pika.install,
    kafka.install,
    confluent_kafka.install,
    smtp.install,
    botocore.install,
    grpc.install,
    websockets.install,
    pycurl.install,
    subprocess.install,
)


def installs(emit: Outgoing, settings: Settings) -> tuple[Callable[[], Patches], ...]:
    """Return what installs each, so that one that fails does not take the others with it."""
    return (
        *(partial(install, emit) for install in _INSTALLS),
        partial(files.install, emit, settings.files),
        partial(logs.install, emit, settings.logs),
    )
