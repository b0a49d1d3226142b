"""Whether the audit log is sealed, for ``sst-otel doctor``."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sst_otel.cli import opening
from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding, number
from sst_otel.settings import Settings

AREA = "seals"
_LATE = 3
"""Intervals of the ingest after which a seal is missed."""


def seals(settings: Settings) -> Iterator[Finding]:
    """Say when the log was sealed last, and what waits to be; nothing where it never was."""
    from sst_otel.audit.seals.sealing import head, waiting
    from sst_otel.audit.store import Store

    file = opening.database_file(settings.database_url)
    if file is not None and not file.exists():
        return
    try:
        store = Store(settings.database_url)
        try:
            with store.reading() as connection:
                last, (_, count) = head(connection), waiting(connection)
        finally:
            store.close()
    except Exception:  # said where the store is checked
        return
    if last is None:
        if settings.seal_key_file is not None:
            text = f"never, {number(count, 'row')} not sealed; run sst-otel seal --every 60"
            yield Finding(AREA, "last seal", PROBLEM, text)
        return
    age = max(0.0, time.time() - last.sealed_at / 1e6)
    late = count > 0 and age > _LATE * max(settings.seal_every, 1)
    text = f"batch {last.seq}, {_age(age)} ago, {number(count, 'row')} not sealed yet"
    if late:
        text += "; is sst-otel seal or an ingest with SST_SEAL_KEY_FILE running?"
    yield Finding(AREA, "last seal", PROBLEM if late else OK, text)
    if settings.seal_key_file is not None and settings.seal_anchor is None:
        text = "not set: that the end of the log was cut off cannot be told"
        yield Finding(AREA, "SST_SEAL_ANCHOR", NOTE, text)


def _age(seconds: float) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return number(int(seconds / length), unit)
    return number(int(seconds), "second")
