"""The store as the ingest uses it: a request a transaction."""

from __future__ import annotations

from sqlalchemy import text

from sst_otel.audit.database import PATIENCE_SECONDS
from sst_otel.audit.ingest.contents import Contents
from sst_otel.audit.store import Store


class StoreKeeping:
    """Writes to the store at ``url`` from ``threads`` threads; raises ``ValueError`` for the URL.

    Methods raise ``sqlalchemy.exc.SQLAlchemyError`` and ``RuntimeError`` as the store does.
    """

    def __init__(self, url: str, threads: int, patience: float = PATIENCE_SECONDS) -> None:
        """Wait at most ``patience`` seconds while another process migrates, prunes or erases."""
        self._store = Store(url, connections=threads, patience=patience)

    def keep(self, found: Contents) -> int:
        """Write everything in one transaction; return how many dead letters there are among it."""
        refused = self._store.append(found.records, unreadable=found.bad)
        return len(refused) + len(found.bad)

    def ping(self) -> None:
        """Raise where the store cannot be written now; makes its tables where there are none."""
        self._store.upgrade()
        with self._store.reading() as connection:
            connection.execute(text("SELECT 1"))
