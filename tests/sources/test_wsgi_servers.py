"""What gunicorn's workers are given of an application when plain WSGI callables are seen."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker
from gunicorn.workers.sync import SyncWorker
from starlette.applications import Starlette

from sst_otel.sources.wsgi_servers import is_asynchronous
from tests.support import Tracking


class Loaded(BaseApplication):  # type: ignore[misc]
    """What gunicorn's workers load an application by."""

    def __init__(self, application: Any) -> None:
        self._application = application
        super().__init__()

    def load_config(self) -> None:
        """Take nothing from the command line."""

    def load(self) -> Any:
        """Return the application."""
        return self._application

    def by(self, kind: type[Worker]) -> Any:
        """Return what a worker of a kind calls, or hands on, for it."""
        worker = kind(1, 1, [], self, 30, self.cfg, Logger(self.cfg))
        try:
            worker.load_wsgi()
            return worker.wsgi
        finally:
            worker.tmp.close()


def of_wsgi(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return []


async def of_asgi(_scope: Any, _receive: Any, _send: Any) -> None:
    """Answer nothing."""


class OfAsgi:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer nothing."""


class OfAsgi2:
    def __init__(self, scope: Any) -> None:
        """Take a scope; what comes of it is called with the rest."""


class TestWorkers:
    """Gunicorn loads applications of all kinds in one way; uvicorn's looks at what it is given."""

    def test_one_of_wsgi(self, tracking: Tracking) -> None:
        assert Loaded(of_wsgi).by(SyncWorker) is not of_wsgi
        assert Loaded(of_wsgi).by(ThreadWorker) is not of_wsgi

    @pytest.mark.filterwarnings("ignore:The `uvicorn.workers` module")
    @pytest.mark.parametrize("application", [of_asgi, OfAsgi(), OfAsgi2, Starlette()])
    def test_one_of_asgi(self, application: Any, tracking: Tracking) -> None:
        from uvicorn.workers import UvicornWorker

        assert Loaded(application).by(UvicornWorker) is application

    def test_asynchronous_ones(self) -> None:
        assert is_asynchronous(of_asgi)
        assert is_asynchronous(functools.partial(of_asgi))
        assert is_asynchronous(OfAsgi())
        assert not is_asynchronous(of_wsgi)
