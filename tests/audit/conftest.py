from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sst_otel import guard
from sst_otel.audit.log import AuditLog, open_reader
from sst_otel.audit.queries import Reader
from sst_otel.settings import Settings
from tests.audit.helpers import KEYS, settings_in


@pytest.fixture(autouse=True)
def _nothing_said() -> Iterator[None]:
    guard.reset()
    yield
    guard.reset()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def log(settings: Settings) -> Iterator[AuditLog]:
    log = AuditLog(settings, KEYS)
    yield log
    log.close()


@pytest.fixture
def reader(settings: Settings) -> Iterator[Reader]:
    reader = open_reader(settings, KEYS)
    yield reader
    reader.close()
