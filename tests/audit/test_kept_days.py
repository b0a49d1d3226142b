"""Whoever took the pruner over removes what is old, as before, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from sst_otel.audit.partitions import month_of
from sst_otel.cli import main
from tests.audit.helpers import NOW
from tests.audit.test_roles import OWNER, store_of, tried, url
from tests.audit.test_roles import database as database
from tests.audit.test_roles import filled as filled
from tests.audit.test_store import counts
from tests.postgres import Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack

CUTOFFS = ("now()", "now() - interval '29 days'", "'infinity'", "NULL", "now() + '1 day'")


def calls(cutoff: str) -> Iterator[str]:
    year, month = month_of(NOW)
    yield f"SELECT sst_drop_month({year}, {month}, {cutoff})"
    yield f"SELECT sst_delete_events({cutoff})"


def test_whatever_the_pruner_asks_for(filled: Database) -> None:
    for statement in itertools.chain.from_iterable(map(calls, CUTOFFS)):
        said = tried(filled, "sst_pruner", statement)
        assert "events of the last 30 days stay" in said, statement
    for statement in calls("now() - interval '31 days'"):
        assert tried(filled, "sst_pruner", statement) == ""


def test_whatever_the_pruner_makes_of_it(filled: Database) -> None:
    body = "sst_keep_days() RETURNS integer LANGUAGE sql AS 'SELECT 0'"
    dsn = filled.dsn.replace("sst@", "sst_pruner_account@")
    assert "denied" in tried(filled, "sst_pruner", f"CREATE OR REPLACE FUNCTION {body}")
    assert "must be owner" in tried(filled, "sst_pruner", "DROP FUNCTION sst_keep_days()")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE FUNCTION pg_temp.{body}".encode())
        connection.execute(b"SET search_path = pg_temp, public")
        with pytest.raises(errors.InsufficientPrivilege, match="30 days stay"):
            connection.execute(b"SELECT public.sst_delete_events(now())")


def test_the_owner_says_how_much(
    filled: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def prunes(days: int) -> int:
        monkeypatch.setenv("SST_DATABASE_URL", url(filled, "sst_pruner_account"))
        return main(["prune", "--older-than", f"{days}"])

    def keeps(*arguments: str) -> int:
        monkeypatch.setenv("SST_DATABASE_URL", url(filled, OWNER))
        return main(["roles", "--apply", *arguments])

    assert keeps("--keep-days", "500") == keeps() == 0  # the second as after an upgrade
    assert prunes(450) == 3
    assert "(events of the last 500 days stay)" in capsys.readouterr().err
    assert keeps("--keep-days=0") == keeps() == 0
    assert prunes(450) == prunes(2) == 0
    assert counts(store_of(filled, "sst_auditor"))["audit_logs"] == 4
    assert main(["roles", "--apply", "--keep-days=-1"]) == 2
