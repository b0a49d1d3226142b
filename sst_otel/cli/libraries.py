"""Which libraries of this environment are hooked, and whether OpenTelemetry takes their version."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution

from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding

ABSENT = "not installed here"


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


LIBRARIES = (
    Library("flask", (2, 1), "opentelemetry-instrumentation-flask", "requests coming in"),
    Library("flask-login", (0, 5), None, "who is logged in"),
    Library("sqlalchemy", (1, 4), "opentelemetry-instrumentation-sqlalchemy", "rows in and out"),
    Library("psycopg", (3, 1), "opentelemetry-instrumentation-psycopg", "rows in and out"),
    Library("psycopg2", (2, 8), "opentelemetry-instrumentation-psycopg2", "rows in and out"),
    Library("psycopg2-binary", (2, 8), "opentelemetry-instrumentation-psycopg2", "rows in and out"),
    Library("pymysql", (1, 0), "opentelemetry-instrumentation-pymysql", "rows going out"),
    Library("pymongo", (3, 12), "opentelemetry-instrumentation-pymongo", "documents going out"),
    Library("redis", (4, 2), "opentelemetry-instrumentation-redis", "commands going out"),
    Library("elastic-transport", (8, 0), None, "documents going out to elasticsearch"),
    Library("kombu", (5, 0), "opentelemetry-instrumentation-celery", "messages and Celery's tasks"),
    Library("kafka-python", (2, 0), "opentelemetry-instrumentation-kafka-python", "messages"),
    Library("confluent-kafka", (1, 9), "opentelemetry-instrumentation-confluent-kafka", "messages"),
    Library("pika", (1, 0), "opentelemetry-instrumentation-pika", "messages going out"),
    Library("requests", (2, 28), "opentelemetry-instrumentation-requests", "calls going out"),
    Library("httpx", (0, 25), "opentelemetry-instrumentation-httpx", "calls going out"),
    Library("httpx2", (2,), "opentelemetry-instrumentation-httpx", "calls going out"),
    Library("aiohttp", (3, 8), "opentelemetry-instrumentation-aiohttp-client", "calls going out"),
    Library("urllib3", (1, 26), "opentelemetry-instrumentation-urllib3", "calls going out"),
    Library("openai", (1, 40), None, "names of LLM calls"),
    Library("anthropic", (0, 34), None, "names of LLM calls"),
    Library("google-genai", (1,), None, "names of LLM calls"),
    Library("groq", (0, 9), None, "names of LLM calls"),
    Library("mistralai", (1,), None, "names of LLM calls"),
    Library("cohere", (5, 5), None, "names of LLM calls"),
    Library("ollama", (0, 3), None, "names of LLM calls"),
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
        return Finding("libraries", subject, OK, covered)
    try:
        its_version = distribution(library.instrumentation).version
    except PackageNotFoundError:
        text = f"{covered}; no {library.instrumentation}: we make the span ourselves"
        return Finding("libraries", subject, NOTE, text)
    short = library.instrumentation.removeprefix("opentelemetry-instrumentation-")
    if short in switched_off():
        text = f"{covered}; OpenTelemetry's {short} is switched off: we make the span ourselves"
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
