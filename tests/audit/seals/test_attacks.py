"""Attacks on a SQLite store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.seals.attacks import Attacks
from tests.audit.seals.sample import Sealed, fill


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    folder: Path = tmp_path_factory.mktemp("sealed")
    sample = Sealed(f"sqlite:///{folder}/audit.db", folder)
    fill(sample)
    yield sample
    sample.close()


class TestSqlite(Attacks):
    """The attacks on it."""
