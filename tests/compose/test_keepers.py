"""Sealer and verifier of ``docker-compose.yml``: their commands and accounts, run natively."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from sst_otel.audit.store import Store
from sst_otel.cli import main
from tests.audit.seals.sample import records
from tests.cli.test_ingest import SCRIPT
from tests.compose.test_compose import ROOT, SERVICES, environment
from tests.postgres import USER, Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack

FOLDER = "/var/lib/sst-seals"
SECRETS = "/run/secrets"


@pytest.fixture
def store(
    postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A store with rows, and the accounts as the services ``roles`` and ``accounts`` make them."""
    opened = Store(postgres.url("psycopg"))
    opened.append(records(0))
    opened.close()
    monkeypatch.setenv("SST_DATABASE_URL", postgres.url("psycopg"))
    words = SERVICES["roles"]["command"]
    assert (words[0], main(words[1:])) == ("sst-otel", 0)
    program = shutil.which("psql")
    assert program, "this test needs psql (Debian: apt-get install postgresql-client)"
    text = (ROOT / "docker/keepers.sql").read_text("utf-8").replace(SECRETS, str(tmp_path))
    for name in ("sealer", "verifier"):
        (tmp_path / f"{name}_database_password").write_text("it's \\ secret", "utf-8")
    for _ in range(2):  # it may be run again
        subprocess.run(
            [program, "--no-psqlrc", "--quiet", postgres.dsn],
            input=text,
            text=True,
            check=True,
            capture_output=True,
        )
    yield postgres
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        for name in ("sealer", "verifier"):
            connection.execute(f"DROP ROLE {name}".encode())


@contextmanager
def service(name: str, database: Database, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run what a service runs, as the account that it logs in by."""
    given = {
        key: value.replace(FOLDER, str(folder))
        for key, value in environment(name).items()
        if key.startswith("SST_SEAL_")
    }
    theirs = environment(name)["SST_DATABASE_URL"]
    account = theirs.partition("//")[2].partition("@")[0]
    given["SST_DATABASE_URL"] = database.url("psycopg").replace(f"{USER}@", f"{account}@")
    words = [word.replace(FOLDER, str(folder)) for word in SERVICES[name]["command"]]
    assert words[0] == "sst-otel"
    if name == "sealer":  # whose first seal is a minute away otherwise
        words[words.index("60")] = "0.1"
    with subprocess.Popen(
        [SCRIPT, *words[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **given},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_what_one_seals_the_other_verifies(store: Database, tmp_path: Path) -> None:
    with (
        service("sealer", store, tmp_path) as sealing,
        psycopg.connect(store.dsn, autocommit=True) as connection,
    ):
        assert sealing.stdout is not None
        assert sealing.stdout.readline().startswith("batch 1, 24 rows, ")
        with service("verifier", store, tmp_path) as verifying:
            assert verifying.stdout is not None
            said = ""
            for line in verifying.stdout:
                said += line
                if "as it was written" in line:
                    break
            assert "anchored" in said
            # The verdict is noted before it is printed; the next one is hours away.
            query = b"SELECT problems FROM seal_verifications"
            assert connection.execute(query).fetchall() == [(0,)]
            verifying.send_signal(signal.SIGTERM)
            _, err = verifying.communicate(timeout=20)
            assert (verifying.returncode, err) == (0, "")
        sealing.send_signal(signal.SIGTERM)
        _, err = sealing.communicate(timeout=20)
        assert (sealing.returncode, err) == (0, "")
    assert (tmp_path / "anchor").stat().st_mode & 0o044 == 0o044  # another user reads it
    assert (tmp_path / "seal.key.pub").stat().st_mode & 0o044 == 0o044
    assert (tmp_path / "seal.key").stat().st_mode & 0o077 == 0


def test_they_may_do_nothing_else(store: Database) -> None:
    for account in ("sealer", "verifier"):
        with psycopg.connect(store.dsn.replace(f"{USER}@", f"{account}@")) as connection:
            for statement in (
                "DELETE FROM audit_logs",
                "UPDATE audit_logs SET route = ''",
                "INSERT INTO outcomes SELECT * FROM outcomes",
                "DELETE FROM seal_verifications",
                "CREATE TABLE mine (a int)",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())
                connection.rollback()
