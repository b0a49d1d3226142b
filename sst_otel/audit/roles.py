"""The roles of PostgreSQL: whoever writes events cannot change one, and whoever reads sees views.

They are group roles without log-in; an administrator grants them to the accounts that programs use
(``GRANT sst_ingest TO ...``). Without them one account may do everything, as before. Whatever is
not granted here is refused; beside that a trigger refuses to change or delete events, seals and
erasures to everybody but the tables' owner, and to change them to the owner, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.engine import Connection

from sst_otel.audit import functions, models, views

Columns = Mapping[str, str]
"""Table to the columns, separated by commas."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a role may do; names of tables and views."""

    name: str
    purpose: str
    select: tuple[str, ...]
    insert: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    update: Columns = field(default_factory=dict)
    execute: tuple[str, ...] = ()


def _tables(*classes: type) -> tuple[str, ...]:
    return tuple(one.__tablename__ for one in classes)  # type: ignore[attr-defined]


VERSION = "sst_alembic_version"
_ALL = tuple(sorted(models.Base.metadata.tables))
_EVENTS = _tables(models.AuditLog, models.AuditLogRecord, models.Outcome)
_PERSON = _tables(
    models.Subject,
    models.Alias,
    models.ProvenanceRecord,
    models.TagSource,
    models.TagParent,
    models.DeadLetter,
    models.SealSalt,
    models.Tombstone,
)
"""What leads to a person, and goes with them."""
_WRITTEN = (
    *_EVENTS,
    *_PERSON,
    *_tables(models.Stack, models.Gap, models.AuditFlowDay, models.JournalOffset),
    *_tables(models.SealBlock),
)
_COUNTS = "first_seen, last_seen, events"

ROLES = (
    Role(
        "sst_ingest",
        "sst-otel ingest, or applications that write into the store themselves",
        select=(*_WRITTEN, VERSION),
        insert=_WRITTEN,
        delete=("journal_offsets",),
        update={
            "subjects": "sealed",
            "provenance_records": "subject, data_type, first_seen",
            "audit_flow_days": _COUNTS,
            "journal_offsets": "position, at",
        },
        execute=(functions.MAKE,),
    ),
    Role(
        "sst_sealer",
        "sst-otel seal",
        select=("seal_blocks", "seal_batches", VERSION),
        insert=("seal_batches",),
        update={"seal_blocks": "batch"},
    ),
    Role("sst_reader", "dashboards: views that show nothing sealed", select=views.NAMES),
    Role(
        "sst_auditor",
        "sst-otel serve, verify, prove, and the commands that read",
        select=(*_ALL, "audit_flow", *views.NAMES, VERSION),
        insert=("seal_verifications",),
    ),
    Role(
        "sst_eraser",
        "sst-otel erase",
        select=(*_PERSON, "erasures", "seal_blocks", VERSION),
        insert=("erasures", "tombstones", "seal_blocks"),
        delete=_PERSON,
        update={"tombstones": "subject"},
    ),
    Role(
        "sst_pruner",
        "sst-otel prune",
        select=(*_ALL, VERSION),
        insert=("audit_flow_days", "erasures", "seal_blocks"),
        delete=(
            *_PERSON,
            *_tables(models.Stack, models.Gap, models.AuditFlowDay, models.JournalOffset),
            *_tables(models.SealBlock),
        ),
        update={"tombstones": "subject"},
        execute=(functions.DROP, functions.DELETE),
    ),
)
KEEP_DAYS = 30
"""Days whose events nobody may remove, unless the owner says otherwise."""
KEPT = (*_EVENTS, "seal_batches", "seal_verifications", "erasures")
"""Tables whose rows nobody changes."""
TRIGGER = "sst_rows_stay"
"""Keeps them."""
_STAY = f"""
CREATE OR REPLACE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_user =
       (SELECT pg_catalog.pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE oid = TG_RELID)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of % stay as they were written', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$
"""  # noqa: S608  # names of ours


def statements(keep_days: int | None = None) -> Iterator[str]:
    """Yield the SQL that makes the roles, or makes them anew after an upgrade.

    ``keep_days``: how many days no ``sst_pruner`` can prune; None leaves what was said before,
    :data:`KEEP_DAYS` where nothing was.

    To be run by the owner of the tables, who may make roles (``CREATEROLE``), with the schema of
    the tables first in its ``search_path``.
    """
    for role in ROLES:
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role.name}') "
            f"THEN CREATE ROLE {role.name} NOLOGIN; END IF; END $$"
        )
        yield (
            "DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO "
            f"{role.name}', current_schema()); END $$"
        )
        everything = ", ".join((*_ALL, "audit_flow", *views.NAMES, VERSION))
        yield f"REVOKE ALL ON {everything} FROM PUBLIC, {role.name}"
        yield from _grants(role)
    yield _STAY.strip()
    for table in KEPT:
        yield (
            f"CREATE OR REPLACE TRIGGER {TRIGGER} BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {TRIGGER}()"
        )
    if keep_days is not None:
        yield functions.keep(keep_days)
    else:
        yield (
            f"DO $do$ BEGIN IF {functions.KEEP} IS NULL THEN "
            f"{functions.keep(KEEP_DAYS)}; END IF; END $do$"
        )


def apply(connection: Connection, keep_days: int | None = None) -> None:
    """Run them in the caller's transaction; raises ``sqlalchemy.exc.SQLAlchemyError``."""
    for statement in statements(keep_days):
        connection.execute(text(statement))


def _grants(role: Role) -> Iterator[str]:
    for right, names in (
        ("SELECT", role.select),
        ("INSERT", role.insert),
        ("DELETE", role.delete),
    ):
        if names:
            yield f"GRANT {right} ON {', '.join(names)} TO {role.name}"
    for table, columns in role.update.items():
        yield f"GRANT UPDATE ({columns}) ON {table} TO {role.name}"
    for name in (functions.MAKE, functions.DROP, functions.DELETE):
        yield f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC, {role.name}"
    for name in role.execute:
        yield f"GRANT EXECUTE ON FUNCTION {name} TO {role.name}"
