"""Accounts written into PostgreSQL by a program's own SQL: the drivers and SQLAlchemy's text()."""

from __future__ import annotations

from typing import Any

import psycopg
import psycopg2
import pytest
from sqlalchemy import create_engine, text

from tests.postgres import Database, postgres, postgres_server
from tests.sources.test_text_sign_ups import PLAIN, SCHEMA, signed_up, site
from tests.support import Tracking, Vendor

__all__ = ["postgres", "postgres_server"]


@pytest.mark.stack
class TestPostgres:
    @pytest.fixture
    def dsn(self, postgres: Database) -> str:
        with psycopg.connect(postgres.dsn) as db:
            db.execute(SCHEMA.replace("id INTEGER", "id SERIAL"))
            db.execute("ALTER SEQUENCE members_id_seq RESTART WITH 41")
        return postgres.dsn

    @pytest.mark.parametrize("fetch", ["fetchone", "fetchall"])
    @pytest.mark.parametrize("driver", [psycopg, psycopg2])
    def test_returning(
        self, dsn: str, tracking: Tracking, vendor: Vendor, driver: Any, fetch: str
    ) -> None:
        def write(*given: str) -> None:
            with driver.connect(dsn) as db, db.cursor() as cursor:
                cursor.execute(PLAIN.replace("?", "%s") + " RETURNING id", given)
                getattr(cursor, fetch)()

        assert signed_up(tracking, site(vendor, write)) == {"41"}

    def test_sqlalchemy_with_text(self, dsn: str, tracking: Tracking, vendor: Vendor) -> None:
        engine = create_engine(dsn.replace("postgresql:", "postgresql+psycopg:"))

        def write(email: str, phone: str) -> None:
            with engine.begin() as connection:
                statement = text("INSERT INTO members (email, phone) VALUES (:e, :p) RETURNING id")
                assert connection.execute(statement, {"e": email, "p": phone}).scalar_one() == 41

        assert signed_up(tracking, site(vendor, write)) == {"41"}
        engine.dispose()
