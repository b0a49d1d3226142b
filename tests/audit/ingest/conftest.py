from __future__ import annotations

from collections.abc import Iterator

import pytest

from sst_otel import guard
from sst_otel.settings import Settings
from tests.audit.ingest.client import Client


@pytest.fixture
def client(settings: Settings) -> Client:
    return Client(settings.database_url)


@pytest.fixture(autouse=True)
def _nothing_said() -> Iterator[None]:
    guard.reset()
    yield
    guard.reset()
