"""An environment with what others bring: ``python -m tests.beside.environment``.

So called it locks it anew: every instrumentation that finds its library in the demo or the shop,
error trackers, logfire. And one with ASGI frameworks that are followed without being known.
"""

from __future__ import annotations

from pathlib import Path

from tests.isolated import Isolated, resolve

_PYTHON = "3.11"
REQUIRES = (
    "better-exceptions==0.3.3",
    "elastic-apm==6.26.2",
    "fastapi==0.165.0",
    "flask-login>=0.6.3",
    "flask-sqlalchemy>=3.1",
    "grpcio>=1.66",
    "httpx2",
    "joblib==1.6.0",
    "logfire==5.2.0",
    "loguru==0.7.3",
    "openai",
    "opentelemetry-instrumentation-asgi",
    "opentelemetry-instrumentation-asyncio",
    "opentelemetry-instrumentation-click",
    "opentelemetry-instrumentation-dbapi",
    "opentelemetry-instrumentation-exceptions",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-instrumentation-genai-openai==1.3b0",
    "opentelemetry-instrumentation-grpc",
    "opentelemetry-instrumentation-jinja2",
    "opentelemetry-instrumentation-logging",
    "opentelemetry-instrumentation-sqlite3",
    "opentelemetry-instrumentation-system-metrics",
    "opentelemetry-instrumentation-threading",
    "opentelemetry-instrumentation-urllib",
    "opentelemetry-instrumentation-urllib3",
    "opentelemetry-processor-baggage",
    "opentelemetry-propagator-b3",
    "python-multipart>=0.0.12",
    "rich",
    "sentry-sdk==2.75.0",
    "sqlalchemy<2.1",
    "stackprinter==0.2.13",
    "structlog",
    "uvicorn>=0.30",
)
BESIDE = Isolated("beside", f">={_PYTHON}", Path(__file__).parent / "locks" / "beside.txt")

ASGI_REQUIRES = (
    "httpx",
    "litestar==2.25.0",
    "python-socketio==5.18.1",
    "quart==0.22.0",
)
ASGI = Isolated("asgi", f">={_PYTHON}", Path(__file__).parent / "locks" / "asgi.txt")

if __name__ == "__main__":
    resolve(REQUIRES, BESIDE.lock_file, "highest", _PYTHON)
    resolve(ASGI_REQUIRES, ASGI.lock_file, "highest", _PYTHON)
