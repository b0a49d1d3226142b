"""The audit store on each version of PostgreSQL: our own tests of it pass there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from tests.isolated import ROOT
from tests.postgres import running_server
from tools.stack.building import built
from tools.stack.postgres import NoServerError, server_programs
from tools.stack.postgres_wheels import VERSIONS, postgresql

pytestmark = pytest.mark.stack
ROOMS = ("tests/audit", "tests/cli", "tests/grafana")
"""Where the store, its seals, roles, erasure, months and migrations, and Grafana's queries are."""
NO_SERVER = ("tests/grafana/test_grafanas_types.py", "tests/grafana/test_made_files.py")


def of_this_machine() -> str | None:
    """Return the version that every run takes which is told no other; None where there is none."""
    try:
        program = server_programs() / "postgres"
    except NoServerError:
        return None
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    return found[1] if found else None


_HERE = of_this_machine()
ELSEWHERE = [version for version in VERSIONS if version != _HERE]
"""On the version of this machine they run by themselves."""


@pytest.fixture(scope="module", params=ELSEWHERE)
def version(request: pytest.FixtureRequest) -> Iterator[str]:
    """A version whose server programs come first on the path."""
    chosen: str = request.param
    programs = built(postgresql(chosen)) / "bin"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(programs), prepend=os.pathsep)
        yield chosen


def test_a_run_takes_the_server_that_comes_first_on_its_path(version: str) -> None:
    with (
        running_server() as server,
        server.database() as database,
        psycopg.connect(database.dsn) as connection,
    ):
        assert connection.info.server_version // 10_000 == int(version)


def test_what_keeps_and_asks_the_audit_log_passes(version: str) -> None:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ignored = [f"--ignore={file}" for file in NO_SERVER]
    workers = ("-n", "2", "--dist", "loadfile")  # they wait for a server half of the time
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "stack", *workers, *ignored, *ROOMS],
        cwd=ROOT,
        env=ours,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ passed in ", done.stdout, re.MULTILINE), done.stdout  # and none skipped


def test_tests_are_left_out_that_exist() -> None:
    for file in NO_SERVER:
        assert (ROOT / file).is_file(), file
