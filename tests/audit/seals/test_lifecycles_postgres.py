"""The life of a sealed store in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.seals.lifecycles import Lifecycles
from tests.audit.seals.sample import Sealed, fill
from tests.postgres import Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack


@pytest.fixture
def sample(postgres: Database, tmp_path: Path) -> Iterator[Sealed]:
    sample = Sealed(postgres.url("psycopg"), tmp_path)
    fill(sample)
    yield sample
    sample.close()


class TestPostgres(Lifecycles):
    """All of it."""
