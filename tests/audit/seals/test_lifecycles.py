"""The life of a sealed SQLite store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.seals.lifecycles import Lifecycles
from tests.audit.seals.sample import Sealed, fill


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sealed]:
    sample = Sealed(f"sqlite:///{tmp_path}/audit.db", tmp_path)
    fill(sample)
    yield sample
    sample.close()


class TestSqlite(Lifecycles):
    """All of it."""
