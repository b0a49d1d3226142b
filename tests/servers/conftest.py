"""The environment of servers and workers, and a Redis server out of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.isolated import binaries_of
from tests.servers.environment import OLDER, SERVERS
from tests.servers.jobs import redis_server


@pytest.fixture(scope="session")
def binaries(wheel: Path) -> Iterator[Path]:
    """Where the programs of the environment are."""
    with binaries_of(SERVERS, wheel) as folder:
        yield folder


@pytest.fixture(scope="session")
def older(wheel: Path) -> Iterator[Path]:
    """Where the programs of the environment of older frameworks are."""
    with binaries_of(OLDER, wheel) as folder:
        yield folder


@pytest.fixture(scope="session")
def redis_port(binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Redis server on loopback."""
    with redis_server(binaries, tmp_path_factory.mktemp("redis")) as port:
        yield port
