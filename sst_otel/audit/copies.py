"""Where else what is known of a person may be after they were erased, and for how long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sst_otel.settings import Settings


@dataclass(frozen=True, slots=True)
class Copy:
    """A place that no command of ours reaches."""

    where: str
    holds: str
    until: str
    """How long it is kept there, and what ends it sooner."""


def copies(settings: Settings, held_until: float | None, *, compacted: bool) -> Iterator[Copy]:
    """Yield the places, the nearest first.

    ``held_until``: till when late records find nobody (epoch seconds), None where nothing sees to
    that. ``compacted``: whether the database's files hold no deleted row any more.
    """
    seconds = settings.registry_seconds
    yield Copy(
        "running applications",
        "values in memory",
        f"{seconds:,} s at most (SST_REGISTRY_SECONDS), or their next start",
    )
    if not compacted:
        postgresql = settings.database_url.startswith("postgresql")
        yield Copy(
            "the database's own files",
            "deleted rows",
            "the next VACUUM; PostgreSQL's WAL as long as you keep it"
            if postgresql
            else "the next VACUUM: the file was in use, or the disk full",
        )
    late = "until delivered"
    if held_until is not None:
        day = time.strftime("%Y-%m-%d", time.gmtime(held_until))
        late += f"; what arrives by {day} finds nobody, later run this again"
    yield Copy(
        "journals of other machines",
        "events (SST_SPOOL_DIR)",
        f"{late}; there: sst-otel erase --journals",
    )
    yield Copy("a collector's queue", "events", late)
    yield Copy(
        "traces, in Jaeger or elsewhere",
        "enduser.pseudo.id, sst.tag.ids",
        "the retention you set there (Jaeger: max_traces in memory, ttl.spans with Badger); "
        "they cannot be deleted by person",
    )
    yield Copy(
        "logs sent by OpenTelemetry",
        "enduser.pseudo.id, sst.tag.ids",
        "the retention you set there",
    )
    yield Copy(
        "backups of the database",
        "all of it",
        "as long as you keep them; run this again after restoring one",
    )
    yield Copy(
        "those who got the data",
        "the data",
        "yours to tell them (Art. 19 GDPR): list them by sst-otel events before erasing",
    )
