"""The two ways out of the journals: the embedded store, or a receiver of OpenTelemetry's logs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sst_otel.audit.outbox.drain import Target
from sst_otel.audit.outbox.drainer import Route
from sst_otel.settings import Settings

if TYPE_CHECKING:
    from sst_otel.audit.store import Store

_STAMP = "retention.stamp"
_RETENTION_EVERY = 86_400.0


def route_of(settings: Settings) -> Route:
    """Return where the settings send the audit records of this process."""
    directory = settings.spool_dir
    if settings.audit_endpoint is None:
        return Embedded(settings.database_url, directory, settings.retention_days)
    return Pipeline(settings.audit_endpoint, settings.audit_token, directory)


class Embedded:
    """Into the database at ``url``, from which old rows are removed once a day."""

    trouble = "the audit database cannot be written"
    forks_wait = True  # a database driver has locks of its own

    def __init__(self, url: str, directory: Path, retention_days: int) -> None:
        self._url = url
        self._directory = directory
        self._retention_days = retention_days

    def open(self) -> Target:
        """Return the store; raises ``ValueError`` for a URL that cannot be used."""
        from sst_otel.audit.store import Store

        return Store(self._url)

    def tend(self, target: Target) -> None:
        """Apply retention, once a day among all processes of the directory."""
        if not self._directory.is_dir():
            return
        stamp = self._directory / _STAMP
        now = time.time()
        try:
            if abs(now - stamp.stat().st_mtime) < _RETENTION_EVERY:
                return
        except FileNotFoundError:
            pass
        stamp.touch(mode=0o600)
        cast("Store", target).apply_retention(self._retention_days, now)


class Pipeline:
    """To a collector or an ingest; how long rows are kept is said there."""

    trouble = "the audit endpoint does not take events"
    forks_wait = False  # an answer may take half a minute; a child connects anew

    def __init__(self, endpoint: str, token: str | None, directory: Path) -> None:
        self._endpoint = endpoint
        self._token = token
        self._directory = directory

    def open(self) -> Target:
        """Return the receiver; nothing is connected yet."""
        from sst_otel.audit.outbox.shipping import Receiver

        return Receiver(self._endpoint, self._token, self._directory)

    def tend(self, target: Target) -> None:
        """Do nothing."""
