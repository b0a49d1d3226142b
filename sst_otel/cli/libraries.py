"""Which libraries of this environment are hooked, and whether OpenTelemetry takes their version."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution

from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding

ABSENT = "not installed here"
WSGI = "opentelemetry-instrumentation-wsgi"
BY_US = "we make the span ourselves"


@dataclass(frozen=True, slots=True)
class Library:
    """A library that we hook."""

    name: str
    """Of its distribution."""
    least: tuple[int, ...]
    """The first version that is covered."""
    instrumentation: str | None
    """Distribution of the OpenTelemetry instrumentation that makes its spans."""
    what: str

    @property
    def comes_in(self) -> bool:
        """Whether its spans are those of requests, which we never make."""
        return self.what.startswith("requests")


LIBRARIES = (
    Library("flask", (2, 1), "opentelemetry-instrumentation-flask", "requests coming in"),
    Library("fastapi", (0, 95), "opentelemetry-instrumentation-fastapi", "requests coming in"),
    Library("starlette", (0, 26), "opentelemetry-instrumentation-starlette", "requests coming in"),
    Library("django", (4, 2), "opentelemetry-instrumentation-django", "requests and rows"),
    Library("pyramid", (2, 0), "opentelemetry-instrumentation-pyramid", "requests coming in"),
    Library("bottle", (0, 12), None, "requests coming in"),
    Library("falcon", (3, 0), "opentelemetry-instrumentation-falcon", "requests coming in"),
    Library("web.py", (0, 62), None, "requests coming in"),
    Library("cherrypy", (18, 8), None, "requests coming in"),
    Library("tornado", (6, 1), "opentelemetry-instrumentation-tornado", "requests coming in"),
    Library("flask-login", (0, 5), None, "who is logged in"),
    Library("sqlalchemy", (1, 4), "opentelemetry-instrumentation-sqlalchemy", "rows in and out"),
    Library("psycopg", (3, 1), "opentelemetry-instrumentation-psycopg", "rows in and out"),
    Library("psycopg2", (2, 8), "opentelemetry-instrumentation-psycopg2", "rows in and out"),
    Library("psycopg2-binary", (2, 8), "opentelemetry-instrumentation-psycopg2", "rows in and out"),
    Library("asyncpg", (0, 22), "opentelemetry-instrumentation-asyncpg", "rows in and out"),
    Library("pg8000", (1, 29), None, "rows in and out"),
    Library("mysqlclient", (2,), "opentelemetry-instrumentation-mysqlclient", "rows in and out"),
    Library("aiomysql", (0, 1), "opentelemetry-instrumentation-aiomysql", "rows in and out"),
    Library("asyncmy", (0, 2, 5), None, "rows in and out"),
    Library(
        "mysql-connector-python", (8,), "opentelemetry-instrumentation-mysql", "rows in and out"
    ),
    Library("pymysql", (1, 0), "opentelemetry-instrumentation-pymysql", "rows in and out"),
    Library("pymongo", (3, 12), "opentelemetry-instrumentation-pymongo", "documents going out"),
    Library("redis", (4, 2), "opentelemetry-instrumentation-redis", "commands going out"),
    Library("elastic-transport", (8, 0), None, "documents going out to elasticsearch"),
    Library("elasticsearch", (7,), None, "documents going out"),
    Library("opensearch-py", (1,), None, "documents going out"),
    Library("kombu", (5, 0), "opentelemetry-instrumentation-celery", "messages and Celery's tasks"),
    Library("rq", (1, 0), None, "jobs coming in"),
    Library("kafka-python", (2, 0), "opentelemetry-instrumentation-kafka-python", "messages"),
    Library("confluent-kafka", (1, 9), "opentelemetry-instrumentation-confluent-kafka", "messages"),
    Library("pika", (1, 0), "opentelemetry-instrumentation-pika", "messages going out"),
    Library("aiokafka", (0, 8), "opentelemetry-instrumentation-aiokafka", "messages going out"),
    Library("aiormq", (6,), None, "messages going out"),
    Library("nats-py", (2,), None, "messages going out"),
    Library("stomp.py", (8,), None, "messages going out"),
    Library("paho-mqtt", (1, 6), None, "messages going out"),
    Library("requests", (2, 28), "opentelemetry-instrumentation-requests", "calls going out"),
    Library("httpx", (0, 25), "opentelemetry-instrumentation-httpx", "calls going out"),
    Library("httpx2", (2,), "opentelemetry-instrumentation-httpx", "calls going out"),
    Library("aiosmtplib", (3, 0), None, "mails"),
    Library(
        "aiohttp",
        (3, 8),
        "opentelemetry-instrumentation-aiohttp-client",
        "calls going out, requests coming in",
    ),
    Library("urllib3", (1, 26), "opentelemetry-instrumentation-urllib3", "calls going out"),
    Library("openai", (1, 40), None, "names of LLM calls"),
    Library("anthropic", (0, 34), None, "names of LLM calls"),
    Library("google-genai", (1,), None, "names of LLM calls"),
    Library("groq", (0, 9), None, "names of LLM calls"),
    Library("mistralai", (1,), None, "names of LLM calls"),
    Library("cohere", (5, 5), None, "names of LLM calls"),
    Library("ollama", (0, 3), None, "names of LLM calls"),
    Library("litellm", (1, 40), None, "names of LLM calls"),
    Library("huggingface-hub", (0, 24), None, "names of LLM calls"),
    Library(
        "botocore", (1, 29), "opentelemetry-instrumentation-botocore", "calls to Amazon's services"
    ),
    Library("websockets", (10,), None, "messages over WebSockets"),
    Library("pycurl", (7, 45), None, "calls going out"),
    Library("grpcio", (1, 60), "opentelemetry-instrumentation-grpc", "remote calls"),
)


def libraries() -> Iterator[Finding]:
    """Check every library that we hook."""
    for library in LIBRARIES:
        yield _check(library)


def switched_off() -> set[str]:
    """Return the instrumentations of OpenTelemetry that the environment switches off."""
    names = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")
    return {name.strip() for name in names} - {""}


def _check(library: Library) -> Finding:
    try:
        version = distribution(library.name).version
    except PackageNotFoundError:
        return Finding("libraries", library.name, OK, ABSENT)
    subject = f"{library.name} {version}"
    if _release(version) < library.least:
        least = ".".join(map(str, library.least))
        return Finding("libraries", subject, PROBLEM, f"not covered: {least} is the oldest that is")
    covered = f"covered ({library.what})"
    if library.instrumentation is None:
        spans = f"; its requests have spans only inside the middleware of {WSGI}"
        return Finding("libraries", subject, OK, covered + (spans if library.comes_in else ""))
    try:
        its_version = distribution(library.instrumentation).version
    except PackageNotFoundError:
        if library.comes_in:
            text = f"{covered}; its requests have no spans: pip install {library.instrumentation}"
        else:
            text = f"{covered}; no {library.instrumentation}: {BY_US}"
        return Finding("libraries", subject, NOTE, text)
    short = library.instrumentation.removeprefix("opentelemetry-instrumentation-")
    if short in switched_off():
        follows = "its requests have no spans" if library.comes_in else BY_US
        text = f"{covered}; OpenTelemetry's {short} is switched off: {follows}"
        return Finding("libraries", subject, NOTE, text)
    wanted = _range(library)
    if wanted is not None:
        text = (
            f"{covered}; OpenTelemetry's instrumentation {its_version} skips it "
            f"(it takes {wanted}), ours works all the same"
        )
        return Finding("libraries", subject, NOTE, text)
    return Finding("libraries", subject, OK, f"{covered}; spans by OpenTelemetry {its_version}")


def _range(library: Library) -> str | None:
    """Return the range the instrumentation takes where this version is outside of it.

    The instrumentation declares it as its extra ``instruments`` (or ``instruments-any``).
    """
    from packaging.requirements import Requirement

    assert library.instrumentation is not None
    for text in distribution(library.instrumentation).requires or ():
        requirement = Requirement(text)
        if requirement.name.lower() != library.name or "instruments" not in text:
            continue
        version = distribution(library.name).version
        if not requirement.specifier.contains(version, prereleases=True):
            return f"{library.name}{requirement.specifier}"
        return None
    return f"other libraries than {library.name}"


def _release(version: str) -> tuple[int, ...]:
    from packaging.version import Version

    return Version(version).release
