"""Two filled stores: what the demo's site really shared, and a made-up one with every trouble."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from examples.demo.application import Application
from examples.demo.people import live_a_day
from examples.demo.run import audit_logs, tracking
from examples.stand_in import StandIn
from tests.grafana.asking import Asked
from tests.grafana.troubled import fill
from tests.postgres import Server
from tests.postgres import postgres_server as postgres_server


@pytest.fixture(scope="session")
def demo(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The store of the demo's site, after two people's day (``examples/demo/truth.py``)."""
    folder = tmp_path_factory.mktemp("demo")
    with postgres_server.database() as database, StandIn(folder / "authority") as vendors:
        settings = tracking(folder, "unused") | {
            "SST_DATABASE_URL": database.url("psycopg"),
            "SST_SPOOL_DIR": str(folder / "spool"),
            "SST_KEY_FILE": str(folder / "sst.key"),
        }
        with Application(folder, {**vendors.environ(), **settings}) as site:
            live_a_day(site.url)
            audit_logs(site.environ)  # drains what the site has noted
            yield Asked(database)


@pytest.fixture(scope="session")
def troubled(postgres_server: Server) -> Iterator[Asked]:
    """The store that :mod:`tests.grafana.troubled` makes."""
    with postgres_server.database() as database:
        fill(database)
        yield Asked(database)


@pytest.fixture(scope="session")
def empty(postgres_server: Server) -> Iterator[Asked]:
    """A store with nothing in it."""
    with postgres_server.database() as database:
        fill(database, empty=True)
        yield Asked(database)
