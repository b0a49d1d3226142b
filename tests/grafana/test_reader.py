"""The role that ``docker/reader.sql`` makes: it reads what the dashboards ask, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from sst_otel.audit.views import NAMES
from tests.audit.helpers import NOW
from tests.grafana.asking import QUERIES, Asked
from tests.grafana.macros import expanded
from tests.postgres import USER

pytestmark = pytest.mark.stack

FILE = Path(__file__).parents[2] / "docker" / "reader.sql"
VIEWS = set(NAMES)


@pytest.fixture
def reader(troubled: Asked, tmp_path: Path) -> Iterator[psycopg.Connection]:
    program = shutil.which("psql")
    assert program, "this test needs psql (Debian: apt-get install postgresql-client)"
    (tmp_path / "password").write_text("it's \\ secret", encoding="utf-8")
    text = FILE.read_text("utf-8")
    path = "/run/secrets/grafana_database_password"
    assert path in text
    (tmp_path / "reader.sql").write_text(text.replace(path, str(tmp_path / "password")), "utf-8")
    words = [program, "--no-psqlrc", "--quiet", "--file", str(tmp_path / "reader.sql")]
    for _ in range(2):  # it may be run again
        subprocess.run([*words, troubled.database.dsn], check=True, capture_output=True)
    dsn = troubled.database.dsn.replace(f"//{USER}@", "//grafana@")
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def test_it_reads_what_the_dashboards_ask(reader: psycopg.Connection) -> None:
    for question in QUERIES.values():
        reader.execute(expanded(question.text, NOW - 86_400, NOW).encode())


def test_it_reads_nothing_else(reader: psycopg.Connection) -> None:
    rows = reader.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('r', 'p', 'v')"
    ).fetchall()
    names = {name for (name,) in rows}
    assert names > VIEWS
    for name in sorted(names - VIEWS):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)))


def test_it_writes_nothing(reader: psycopg.Connection) -> None:
    for statement in (
        "UPDATE report_flow_days SET events = 0",
        "DELETE FROM report_flow_days",
        "CREATE TABLE mine (a int)",
    ):
        reader.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement.encode())
