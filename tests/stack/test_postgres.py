"""PostgreSQL of the stack: the version that is asked for, wherever its programs are."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from tools.stack.building import built
from tools.stack.postgres import QUICK, Server
from tools.stack.postgres_wheels import POSTGRESQL, VERSIONS
from tools.stack.waiting import free_port

pytestmark = pytest.mark.stack


def test_programs_that_other_accounts_cannot_reach(folder: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    server = shutil.copytree(built(POSTGRESQL), closed / "server", symlinks=True)
    closed.chmod(0o700)
    with (
        Server(folder / "closed", free_port(), QUICK, server / "bin") as running,
        psycopg.connect(running.kept_database("audit").dsn) as connection,
    ):
        assert connection.info.server_version // 10_000 == int(VERSIONS[-1])
