"""What PostgreSQL does with the rights of the tables' owner for roles that have less.

Making and dropping the partitions of a month takes the owner; removing old events is nobody's
right. These functions do exactly that, run as their owner (``SECURITY DEFINER``), and look for
names in the tables' schema alone, so that no caller can put tables of its own in the way. Who may
call them is said by :mod:`sst_otel.audit.roles`; without roles the owner does.

Whoever may remove old events says what is old, but not without bound: events of the last days, as
many as :data:`KEEP` returns, stay. Only the owner can make that function anew.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.engine import Connection

MAKE = "sst_make_month(integer, integer)"
DROP = "sst_drop_month(integer, integer, timestamptz)"
DELETE = "sst_delete_events(timestamptz)"
KEEP = "sst_keep_days()"
"""Days whose events nobody removes; NULL while the owner has not said."""

DELETIONS = (
    "DELETE FROM audit_log_records WHERE event_id IN "
    "(SELECT event_id FROM audit_logs WHERE timestamp < {cutoff})",
    "DELETE FROM outcomes WHERE event_id IN "
    "(SELECT event_id FROM audit_logs WHERE timestamp < {cutoff})",
    # An outcome whose event never came, or came and went before it.
    "DELETE FROM outcomes WHERE at < {cutoff} AND NOT EXISTS "
    "(SELECT 1 FROM audit_logs WHERE audit_logs.event_id = outcomes.event_id)",
)
"""What goes with old events, before they do; for either database."""
EVENTS = "DELETE FROM audit_logs WHERE timestamp < {cutoff}"

_TABLES = "ARRAY['audit_logs', 'audit_log_records', 'outcomes']"
_FIRST_ID = """
CREATE OR REPLACE FUNCTION sst_first_id(year integer, month integer) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT left(hex, 8) || '-' || right(hex, 4)
    FROM lpad(to_hex(CAST(extract(epoch FROM make_timestamptz(year, month, 1, 0, 0, 0, 'UTC'))
                          * 1000 AS bigint)), 12, '0') AS hex
$$
"""
_REFUSE = """
    IF cutoff IS NULL OR cutoff > pg_catalog.now() - make_interval(days => sst_keep_days()) THEN
        RAISE EXCEPTION 'events of the last % days stay', sst_keep_days()
            USING ERRCODE = 'insufficient_privilege';
    END IF;
"""
_MAKE = f"""
CREATE OR REPLACE FUNCTION sst_make_month(year integer, month integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    low text := sst_first_id(year, month);
    high text := sst_first_id(year + month / 12, month % 12 + 1);
    suffix text := format('_%s_%s', lpad(CAST(year AS text), 4, '0'),
                          lpad(CAST(month AS text), 2, '0'));
    parent text;
BEGIN
    IF to_regclass('audit_logs' || suffix) IS NOT NULL THEN
        RETURN false;
    END IF;
    FOREACH parent IN ARRAY {_TABLES} LOOP
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', parent || suffix, parent);
        EXECUTE format('WITH moved AS (DELETE FROM %I WHERE event_id >= %L AND event_id < %L '
                       'RETURNING *) INSERT INTO %I SELECT * FROM moved',
                       parent || '_default', low, high, parent || suffix);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       parent, parent || suffix, low, high);
    END LOOP;
    RETURN true;
END
$$
"""  # noqa: S608  # names of ours
_DROP = f"""
CREATE OR REPLACE FUNCTION sst_drop_month(year integer, month integer, cutoff timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    suffix text := format('_%s_%s', lpad(CAST(year AS text), 4, '0'),
                          lpad(CAST(month AS text), 2, '0'));
    parent text;
    gone bigint;
    needed boolean;
BEGIN
    {_REFUSE.strip()}
    EXECUTE format('SELECT count(*), coalesce(bool_or(timestamp >= $1), false) FROM %I',
                   'audit_logs' || suffix) INTO gone, needed USING cutoff;
    IF needed THEN
        RETURN NULL;
    END IF;
    FOREACH parent IN ARRAY {_TABLES} LOOP
        EXECUTE format('DROP TABLE %I', parent || suffix);
    END LOOP;
    RETURN gone;
END
$$
"""  # noqa: S608  # names of ours
_BODY = "; ".join(statement.format(cutoff="$1") for statement in DELETIONS)
_DELETE = f"""
CREATE OR REPLACE FUNCTION sst_delete_events(cutoff timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone bigint;
BEGIN
    {_REFUSE.strip()}
    {_BODY};
    {EVENTS.format(cutoff="$1")};
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$
"""


def keep(days: int) -> str:
    """Return the SQL that makes :data:`KEEP`; for the tables' owner."""
    return _keep(str(int(days)))


def _keep(days: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {KEEP} RETURNS integer LANGUAGE sql STABLE "
        f"AS $$ SELECT CAST({days} AS integer) $$"
    )


def prepare(connection: Connection) -> None:
    """Make the functions, or make them anew; nobody but their owner may call them then.

    How many days stay is left as it is.
    """
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    before = connection.execute(text("SHOW search_path")).scalar_one()
    # pg_temp last: it is looked into first where it is not named.
    connection.execute(text(f"SET LOCAL search_path = {schema}, pg_temp"))
    known = connection.execute(text("SELECT to_regprocedure(:name)"), {"name": KEEP}).scalar()
    if known is None:
        connection.execute(text(_keep("NULL")))
    for function in (_FIRST_ID, _MAKE, _DROP, _DELETE):
        connection.execute(text(function.strip()))
    connection.execute(text(f"SET LOCAL search_path = {before}"))
    for name in (MAKE, DROP, DELETE):
        connection.execute(text(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC"))
