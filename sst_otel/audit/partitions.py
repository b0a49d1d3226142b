"""The tables of events in PostgreSQL, a partition a month, by the time in the events' ids.

An event's id is a UUIDv7: its first 48 bits are the milliseconds of its time, and in the order of
their bytes its texts are in the order of time. So the id alone is the key, whatever comes again is
one row, and a month is a range of ids. Ids of another kind, or of months nobody made, are in a
default partition.
"""

from __future__ import annotations

from datetime import datetime, timezone

from sqlalchemy import text
from sqlalchemy.engine import Connection

from sst_otel.audit import functions

TABLES = ("audit_logs", "audit_log_records", "outcomes")
"""All are partitioned alike; the first has the times."""

Month = tuple[int, int]
"""Year and month, in UTC."""


def month_of(at: float) -> Month:
    """Return the month of a time in epoch seconds."""
    day = datetime.fromtimestamp(at, timezone.utc)
    return day.year, day.month


def following(month: Month) -> Month:
    """Return the month after."""
    year, number = month
    return (year, number + 1) if number < 12 else (year + 1, 1)


def bounds(month: Month) -> tuple[str, str]:
    """Return what the ids of a month begin with or come after, and what they come before."""
    return _first_id(month), _first_id(following(month))


def prepare(connection: Connection) -> None:
    """Make the default partitions of tables that have none yet, and what makes the others."""
    for table in TABLES:
        connection.execute(text(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT"))
    functions.prepare(connection)


def make(connection: Connection, month: Month) -> bool:
    """Make the partitions of a month if they are not there; return whether they were made.

    Rows of that month which the default partition has are moved. The caller holds the store's
    write lock alone.
    """
    query = text("SELECT sst_make_month(:year, :month)")
    given = {"year": month[0], "month": month[1]}
    return bool(connection.execute(query, given).scalar())


def existing(connection: Connection) -> list[Month]:
    """Return the months that have partitions, in order."""
    query = text(
        "SELECT child.relname FROM pg_inherits "
        "JOIN pg_class child ON child.oid = inhrelid "
        "WHERE inhparent = CAST(:parent AS regclass) AND child.relname <> :rest"
    )
    given = {"parent": TABLES[0], "rest": f"{TABLES[0]}_default"}
    names = [row[0] for row in connection.execute(query, given)]
    found = [name[len(TABLES[0]) + 1 :].split("_") for name in names]
    return sorted((int(year), int(number)) for year, number in found)


def drop(connection: Connection, cutoff: float) -> int:
    """Drop the months all of whose events are from before ``cutoff`` (epoch seconds).

    Returns the number of events that went; a month with a later event stays, as an id does not
    have to tell the truth. The caller holds the store's write lock alone.
    """
    gone = 0
    for month in existing(connection):
        if bounds(month)[1] > _id_at(cutoff):
            break
        query = text("SELECT sst_drop_month(:year, :month, to_timestamp(:cutoff))")
        given = {"year": month[0], "month": month[1], "cutoff": cutoff}
        gone += connection.execute(query, given).scalar() or 0
    return gone


def _first_id(month: Month) -> str:
    return _id_at(datetime(*month, 1, tzinfo=timezone.utc).timestamp())


def _id_at(at: float) -> str:
    digits = f"{int(at * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}"
