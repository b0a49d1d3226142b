"""An application's database, a session on it that is tracked, and no other test's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from sst_otel.sources import known_tables
from tests.support import Tracking, Vendor


@pytest.fixture(autouse=True)
def only_own_tables(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the models of other modules out: an application has one table of a name."""
    found = vars(request.module).values()
    own = {request.module.__name__, *(one.__module__ for one in found if isinstance(one, type))}
    registries = known_tables._registries
    monkeypatch.setattr(
        known_tables,
        "_registries",
        lambda: [
            registry
            for registry in registries()
            if any(mapper.class_.__module__ in own for mapper in registry.mappers)
        ],
    )


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


@pytest.fixture
def tell(vendor: Vendor) -> Callable[[str], None]:
    """Send a city, which nobody recognises without the scope it belongs to."""

    def send(city: str) -> None:
        requests.post(f"{vendor.url}/v1", json={"city": city}, timeout=5)

    return send
