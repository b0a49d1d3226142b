"""Attacks on a store in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.audit.seals.attacks import Attacks
from tests.audit.seals.sample import Sealed, fill
from tests.postgres import Server
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def sample(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    with postgres_server.database() as database:
        sample = Sealed(database.url("psycopg"), tmp_path_factory.mktemp("sealed"))
        fill(sample)
        yield sample
        sample.close()


class TestPostgres(Attacks):
    """The attacks on it."""
