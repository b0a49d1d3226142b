"""Accounts of the roles of PostgreSQL, made by the tables' owner, who is no superuser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import errors

from sst_otel.audit.decoding import decode
from sst_otel.audit.records import share_record
from sst_otel.audit.roles import ROLES
from sst_otel.audit.store import Store
from sst_otel.cli import main
from tests.audit.helpers import share
from tests.audit.test_store import counts
from tests.postgres import postgres_server as postgres_server
from tests.postgres import running_server

pytestmark = pytest.mark.stack


@dataclass(frozen=True)
class Accounts:
    """A database in which nobody has made roles yet."""

    dsn: str

    def of(self, user: str) -> str:
        """Return libpq's URL for an account."""
        return self.dsn.replace("sst@", f"{user}@")

    def run(self, user: str, statement: str) -> None:
        with psycopg.connect(self.of(user), autocommit=True) as connection:
            connection.execute(statement.encode())

    def store(self, user: str) -> Store:
        return Store(self.of(user).replace("postgresql:", "postgresql+psycopg:"))


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    # Roles are a server's, not a database's: other tests may have made them in the shared one.
    with running_server() as server, server.database() as database:
        made = Accounts(database.dsn)
        for name in ("keeper", "other"):
            made.run("sst", f"CREATE ROLE {name} LOGIN CREATEROLE")
        made.run("sst", f"ALTER DATABASE {database.name} OWNER TO keeper")
        monkeypatch.setenv("SST_DATABASE_URL", made.of("keeper"))
        yield made


def test_the_owner_makes_the_roles_and_accounts_of_them(
    accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in ("at first", "after an upgrade"):
        assert main(["roles", "--apply"]) == 0, capsys.readouterr().err
    for role in ROLES:
        accounts.run("keeper", f"CREATE ROLE {role.name}_1 LOGIN IN ROLE {role.name}")
    ingest, auditor = accounts.store("sst_ingest_1"), accounts.store("sst_auditor_1")
    assert ingest.append([decode(share_record(share("7")))]) == []
    assert counts(auditor)["audit_logs"] == 1
    with pytest.raises(errors.InsufficientPrivilege):
        accounts.run("sst_ingest_1", "DELETE FROM audit_logs")
    ingest.close()
    auditor.close()


def test_from_16_on_only_who_made_the_roles_gives_them(accounts: Accounts) -> None:
    assert main(["roles", "--apply"]) == 0
    statement = "CREATE ROLE reader_1 LOGIN IN ROLE sst_reader"
    with psycopg.connect(accounts.dsn) as connection:
        version = connection.info.server_version // 10_000
    if version < 16:
        accounts.run("other", statement)
    else:
        with pytest.raises(errors.InsufficientPrivilege):
            accounts.run("other", statement)
    accounts.run("keeper", "CREATE ROLE reader_2 LOGIN IN ROLE sst_reader")
