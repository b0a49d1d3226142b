"""How the store is kept, for ``sst-otel doctor``: seals, erasures, retention, months, rights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sst_otel.cli import opening
from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding, age, number
from sst_otel.cli.rights import rights
from sst_otel.cli.seals import seals, verdict
from sst_otel.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

AREA = "keeping"
_DAY = 86_400.0
_LATE = 2 * _DAY
"""Seconds after which what is to be done daily was not."""


def keeping(settings: Settings) -> Iterator[Finding]:
    """Yield what is found; nothing where there is no store, or none that can be reached."""
    from sst_otel.audit.store import Store

    file = opening.database_file(settings.database_url)
    if file is not None and not file.exists():
        return
    try:
        store = Store(settings.database_url)
        try:
            with store.reading() as connection:
                found = [*_checked(settings, connection)]
        finally:
            store.close()
    except Exception:  # said where the store is checked
        return
    yield from found


def _checked(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """Check one thing after the other; one that cannot be read is said, and hides no other."""
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "last seal": lambda: seals(settings, connection),
        "last verification": lambda: verdict(connection),
        "erasures": lambda: _erasures(connection),
        "retention": lambda: _retention(settings, connection),
    }
    if connection.dialect.name == "postgresql":
        checks["months"] = lambda: _months(connection)
        checks["rights"] = lambda: rights(connection)
    for subject, check in checks.items():
        try:
            with connection.begin_nested():
                found = [*check()]
        except Exception as error:
            text = f"cannot be read ({opening.reason(error)})"
            found = [Finding(AREA, subject, NOTE, text)]
        yield from found


def _erasures(connection: Connection) -> Iterator[Finding]:
    """Say what erasures have left to do."""
    from sqlalchemy import func, select

    from sst_otel.audit import models, tombstones

    stones, now = models.Tombstone.__table__, time.time()
    acts = select(func.count()).select_from(models.Erasure.__table__)
    done = connection.execute(acts).scalar_one()
    untils = [row[0] for row in connection.execute(select(stones.c.until))]
    due = len(tombstones.due(connection))
    if not done and not untils:
        return
    past = [until for until in untils if until <= now]
    text = f"{number(done, 'act')}, {number(len(untils) - len(past), 'tombstone')} active"
    if past:
        text += f", {len(past)} past their time"
    if due:
        text += f", {number(due, 'visitor')} still to be erased"
    if not past and not due:
        yield Finding(AREA, "erasures", OK, text)
        return
    late = bool(past) and now - min(past) > _LATE
    text += "; sst-otel prune, daily retention or erase does the rest"
    yield Finding(AREA, "erasures", PROBLEM if late else NOTE, text)


def _retention(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """Say whether events go when they are old."""
    from sqlalchemy import select

    from sst_otel.audit import models

    logs = models.AuditLog.__table__
    oldest = connection.execute(
        select(logs.c.timestamp).order_by(logs.c.timestamp, logs.c.event_id).limit(1)
    ).scalar()
    if oldest is None:
        return
    old, days = max(0.0, time.time() - oldest), settings.retention_days
    text = f"the oldest event is {age(old)} old, SST_RETENTION_DAYS is {days}"
    if not days:
        yield Finding(AREA, "retention", NOTE, f"{text}: nothing goes")
    elif old > days * _DAY + _LATE:
        text += f"; run sst-otel prune --older-than {days}d daily"
        yield Finding(AREA, "retention", PROBLEM, text)
    else:
        yield Finding(AREA, "retention", OK, text)


def _months(connection: Connection) -> Iterator[Finding]:
    """Say whether the months to come have their partitions, and what is in none."""
    from sqlalchemy import text

    from sst_otel.audit import partitions

    this = partitions.month_of(time.time())
    there = partitions.existing(connection)
    missing = [
        f"{year}-{month:02}"
        for year, month in (this, partitions.following(this))
        if (year, month) not in there
    ]
    low, _ = partitions.bounds(this)
    query = "SELECT count(*), count(*) FILTER (WHERE event_id >= :low) FROM audit_logs_default"
    [(rest, fresh)] = connection.execute(text(query), {"low": low})
    said = f"{number(len(there), 'partition')}, {number(rest, 'event')} in none of them"
    if not missing:
        yield Finding(AREA, "months", OK, said)
    elif fresh:
        said += (
            f"; the account that writes cannot make {' and '.join(missing)}: "
            "run sst-otel roles --apply as the tables' owner"
        )
        yield Finding(AREA, "months", PROBLEM, said)
    else:
        said += f"; {' and '.join(missing)} will be made with the next event"
        yield Finding(AREA, "months", NOTE, said)
