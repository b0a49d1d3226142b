"""The environment with what others bring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beside.environment import BESIDE
from tests.isolated import binaries_of
from tests.support import Vendor, vendor_server
from tests.system.collected import Telemetry


@pytest.fixture(scope="session")
def binaries(wheel: Path) -> Iterator[Path]:
    """Where the programs of the environment are."""
    with binaries_of(BESIDE, wheel) as folder:
        yield folder


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """A collector on loopback, and what it got."""
    with vendor_server() as collector:
        yield Telemetry(collector)


@pytest.fixture
def sentry() -> Iterator[Vendor]:
    """Who gets what sentry-sdk sends."""
    with vendor_server() as server:
        yield server
