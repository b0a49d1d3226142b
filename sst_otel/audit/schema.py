"""Brings the audit store's tables to this version of the package: made anew, or by Alembic.

Alembic, 17 MB in the memory of the application, is imported only where there are tables of an
older version. Neither its command line nor an
``env.py`` is used: both set process-wide proxies (``alembic.op``, ``alembic.context``), and the
application in this process may be running migrations of its own. Our version stands in a table of
our own for the same reason. A new revision is a file in ``migrations/versions`` whose
``upgrade(op)`` is written by hand; the tests compare the outcome with the models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from sst_otel.audit import models, partitions, views

HEAD = "0010"
VERSION_TABLE = "sst_alembic_version"
MIGRATIONS = Path(__file__).with_name("migrations")
_VIEW = (
    "CREATE VIEW audit_flow AS SELECT service, recipient, data_type, "
    "min(first_seen) AS first_seen, max(last_seen) AS last_seen, "
    "CAST(sum(events) AS BIGINT) AS events "
    "FROM audit_flow_days WHERE data_type <> '' GROUP BY service, recipient, data_type"
)


def stored_version(connection: Connection) -> str | None:
    """Return the version of the tables; None where there are none."""
    if not connection.dialect.has_table(connection, VERSION_TABLE):
        return None
    statement = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608  # a constant
    return connection.execute(statement).scalar()


def migrate(connection: Connection) -> None:
    """Run what is missing, inside the caller's write transaction.

    The caller holds the store's write lock, so that of two processes one migrates and the other
    finds it done. Raises ``sqlalchemy.exc.SQLAlchemyError`` where the database refuses, and
    ``RuntimeError`` for tables newer than this package.
    """
    version = stored_version(connection)
    if version is None:
        _make(connection)
    elif version != HEAD:
        revise(connection)


def _make(connection: Connection) -> None:
    """Make all tables as the models have them, and note their version as Alembic would."""
    models.Base.metadata.create_all(connection, checkfirst=False)
    connection.execute(text(_VIEW))
    if connection.dialect.name == "postgresql":
        partitions.prepare(connection)
    views.make(connection)
    connection.execute(
        text(
            f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL, "
            f"CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
        )
    )
    statement = text(f"INSERT INTO {VERSION_TABLE} VALUES (:version)")  # noqa: S608  # a constant
    connection.execute(statement, {"version": HEAD})


def revise(connection: Connection) -> None:
    """Run the revisions that are missing, all of them on an empty database."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    scripts = ScriptDirectory(str(MIGRATIONS))

    def steps(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    context = MigrationContext.configure(
        connection=connection, opts={"version_table": VERSION_TABLE, "fn": steps}
    )
    try:
        context.run_migrations(op=Operations(context))
    except CommandError:
        raise RuntimeError("the audit store was written by a newer sst_otel") from None
