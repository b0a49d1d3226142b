"""Whether the audit log is sealed and verified, for ``sst-otel doctor``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding, age, number
from sst_otel.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

AREA = "seals"
_LATE = 3
"""Intervals of the ingest after which a seal is missed."""
_OLD = 30 * 3_600
"""Seconds after which a daily verification is missed, as Grafana's alert has it."""


def seals(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """Say when the log was sealed last, and what waits to be."""
    from sst_otel.audit.seals.sealing import head, waiting

    last, (_, count) = head(connection), waiting(connection)
    if last is None:
        text = f"never, {number(count, 'row')} not sealed; "
        if settings.seal_key_file is None:
            text += "with SST_SEAL_KEY_FILE a change of them could be found"
            yield Finding(AREA, "last seal", NOTE, text)
        else:
            text += "run sst-otel seal --every 60"
            yield Finding(AREA, "last seal", PROBLEM, text)
        return
    ago = max(0.0, time.time() - last.sealed_at / 1e6)
    late = count > 0 and ago > _LATE * max(settings.seal_every, 1)
    text = f"batch {last.seq}, {age(ago)} ago, {number(count, 'row')} not sealed yet"
    if late:
        text += "; is sst-otel seal or an ingest with SST_SEAL_KEY_FILE running?"
    yield Finding(AREA, "last seal", PROBLEM if late else OK, text)
    if settings.seal_key_file is not None and settings.seal_anchor is None:
        text = "not set: that the end of the log was cut off cannot be told"
        yield Finding(AREA, "SST_SEAL_ANCHOR", NOTE, text)


def verdict(connection: Connection) -> Iterator[Finding]:
    """Say what the last verification found; nothing where nothing was ever sealed."""
    from sqlalchemy import select

    from sst_otel.audit import models
    from sst_otel.audit.seals.sealing import head

    subject, verdicts = "last verification", models.Verification.__table__
    last = connection.execute(select(verdicts).order_by(verdicts.c.at.desc()).limit(1)).first()
    if last is None:
        if head(connection) is not None:
            text = "never; run sst-otel verify --anchor FILE --every 21600"
            yield Finding(AREA, subject, NOTE, text)
        return
    ago = max(0.0, time.time() - last.at)
    text = f"{age(ago)} ago, {number(last.problems, 'problem')}"
    if last.problems:
        if last.first_event is not None:
            text += f", the first in event {last.first_event}"
        yield Finding(AREA, subject, PROBLEM, f"{text}; run sst-otel verify for all")
    elif ago > _OLD:
        yield Finding(AREA, subject, NOTE, f"{text}; is sst-otel verify --every running?")
    else:
        yield Finding(AREA, subject, OK, text)
