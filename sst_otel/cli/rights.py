"""Whether the account of ``SST_DATABASE_URL`` could change the log, for ``sst-otel doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

AREA = "keeping"
_RIGHTS = """
SELECT name, pg_catalog.pg_has_role(relowner, 'MEMBER'),
       has_any_column_privilege(kept.oid, 'UPDATE')
       OR has_table_privilege(kept.oid, 'DELETE, TRUNCATE'),
       EXISTS (SELECT FROM pg_catalog.pg_trigger
               WHERE tgrelid = kept.oid AND tgname = :trigger AND tgenabled IN ('O', 'A'))
FROM unnest(CAST(:tables AS text[])) AS name
JOIN pg_catalog.pg_class kept ON kept.oid = to_regclass(name)
ORDER BY name
"""


def rights(connection: Connection) -> Iterator[Finding]:
    """Say what this account may do to what is written once, and whether triggers forbid it."""
    from sqlalchemy import text

    from sst_otel.audit.roles import KEPT, TRIGGER

    given = {"trigger": TRIGGER, "tables": list(KEPT)}
    rows = connection.execute(text(_RIGHTS), given).fetchall()
    account = connection.execute(text("SELECT current_user")).scalar()
    if any(owned for _, owned, _, _ in rows):
        said = f"{account} owns the tables: a program that logs in so could change the log"
        yield Finding(AREA, "rights", NOTE, f"{said}; sst-otel roles splits it")
    elif more := [name for name, _, may, _ in rows if may]:
        said = f"{account} may change or delete rows of {', '.join(more)}"
        yield Finding(AREA, "rights", PROBLEM, f"{said}; run sst-otel roles --apply")
    else:
        said = f"{account} cannot change an event, a seal or an act of erasure"
        yield Finding(AREA, "rights", OK, said)
    without = [name for name, _, _, kept in rows if not kept]
    if without and len(without) < len(rows):
        said = f"nothing keeps the rows of {', '.join(without)}; run sst-otel roles --apply"
        yield Finding(AREA, "triggers", PROBLEM, said)
