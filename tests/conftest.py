"""Fixtures that several rooms use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sst_otel.lifetime import release_all
from sst_otel.registry.identity import IDS
from tests.isolated import built_wheel
from tests.support import Tracking, Vendor, tracking_in, vendor_server


@pytest.fixture(scope="module", autouse=True)
def nothing_left_marked() -> Iterator[None]:
    """No test may leave marks behind: the module that does is the one that fails."""
    yield
    release_all()
    assert list(IDS.values()) == []


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is published."""
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A loopback HTTP server that answers like an LLM vendor and keeps what it received."""
    with vendor_server() as server:
        yield server


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    """Tracking over a store of its own; no errors of ours may have been counted at the end."""
    with tracking_in(tmp_path) as tracked:
        yield tracked
        assert tracked.errors() == {}
