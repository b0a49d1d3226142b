"""An application's database, and a session on it that is tracked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.support import Tracking


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An SQLite file without tables; a module that needs some overrides this with itself."""
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine: Engine, tracking: Tracking) -> Iterator[Session]:
    with Session(engine) as session:
        yield session
