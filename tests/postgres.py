"""A PostgreSQL server of the tests' own, from the binaries of this machine; its databases.

``pytest_plugins`` is not needed: import the fixtures ``postgres_server`` and ``postgres`` where
they are used. A machine without a server fails with a line that says what to install.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tools.stack.postgres import USER, Database, Server, running_server

__all__ = ["USER", "Database", "Server", "postgres", "postgres_server", "running_server"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A server for the whole run."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: Server) -> Iterator[Database]:
    """An empty database."""
    with postgres_server.database() as database:
        yield database
