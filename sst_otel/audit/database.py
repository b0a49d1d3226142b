"""The audit store's own engine: apart from the application's in every respect.

No pooled connection crosses a fork, no listener of the application sees or counts our statements,
nothing here is a span. SQLite runs in WAL mode with explicit transactions, so that a writer waits
for the write lock instead of failing on it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from sst_otel.audit.schema import migrate
from sst_otel.suppress import suppressed

_BUSY_MILLISECONDS = 5000
PATIENCE_SECONDS = 10.0
"""Longest wait of a server for a connection or a lock: a collector waits 30 s for its answer."""
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Said by the driver's own BEGIN; so it is no statement more."""
_LOCK_KEY = 0x5357_0001
"""The advisory lock of PostgreSQL that appending shares and pruning takes alone."""


class Database:
    """Transactions on the audit store at ``url``; tables are made or migrated on first writing.

    Raises ``ValueError`` for a URL SQLAlchemy cannot read or whose driver is not installed.
    """

    def __init__(self, url: str, connections: int = 0, patience: float = PATIENCE_SECONDS) -> None:
        """Keep ``connections`` open; none where it is 0.

        With open connections, whoever writes waits ``patience`` seconds for a lock in PostgreSQL,
        such as that of a process that migrates the tables; without, as long as it takes.
        """
        self._url = url
        self._connections = connections
        self._patience = patience
        self._migrated = False
        self._memory_lock: threading.RLock | None = None
        with suppressed():
            self.engine = self._engine()

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL, whose tables of events are partitioned."""
        return self.engine.dialect.name == "postgresql"

    def upgrade(self) -> None:
        """Make or migrate the tables unless that was done and nothing has failed since."""
        if not (self._migrated and self.is_postgresql):  # a file may be another now
            with self.writing():
                pass

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """Begin a write transaction and commit it; ``alone`` keeps other hosts' writers out too."""
        migrated = self._migrated
        with self._looking_again(), self._connected() as connection:
            self._begin(connection, write=True, alone=alone or not migrated)
            if not migrated or connection.dialect.name == "sqlite":  # its file may be another now
                migrate(connection)
            yield connection
            connection.commit()
        self._migrated = True

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Begin a transaction that sees one state of the store, whoever writes; it cannot write."""
        with self._looking_again(), self._connected() as connection:
            if self.is_postgresql:
                connection.execution_options(**_SNAPSHOT)
            self._begin(connection, write=False, alone=False)
            yield connection

    @contextmanager
    def _looking_again(self) -> Iterator[None]:
        """After any failure, let the next writer look at the tables."""
        try:
            yield
        except BaseException:
            self._migrated = False
            raise

    def compact(self) -> bool:
        """Write SQLite's file anew, so that no deleted row is left in it or beside it.

        False where it could not be done: somebody reads, or there is no room. PostgreSQL does it
        by itself, in time (``autovacuum``).
        """
        if self.is_postgresql:
            return True
        with self._connected() as connection:
            try:
                connection.exec_driver_sql("VACUUM")
                [(busy, *_)] = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            except DBAPIError:
                return False
        return not busy

    def close(self) -> None:
        """Close what is open."""
        with suppressed():
            self.engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with suppressed():
            if self._memory_lock is None:
                with self.engine.connect() as connection:
                    yield connection
            else:  # one connection for all threads
                with self._memory_lock, self.engine.connect() as connection:
                    yield connection

    def _begin(self, connection: Connection, *, write: bool, alone: bool) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
            return
        if connection.dialect.name == "postgresql" and write:
            function = "pg_advisory_xact_lock" + ("" if alone else "_shared")
            words, given = f"{function}(:key)", dict[str, object](key=_LOCK_KEY)
            if self._connections:  # in one statement: this is done for every request
                words = f"set_config('lock_timeout', :most, true), {words}"
                given["most"] = f"{self._patience * 1_000:.0f}"
            connection.execute(text(f"SELECT {words}"), given)  # words of ours

    def _pool(self) -> dict[str, Any]:
        if not self._connections:
            return {"poolclass": NullPool}
        return {
            "poolclass": QueuePool,
            "pool_size": self._connections,
            "max_overflow": 0,
            "pool_timeout": self._patience,
            "pool_pre_ping": True,  # or the first question after a restart of the server fails
        }

    def _engine(self) -> Engine:
        try:
            url = make_url(self._url)
            if url.get_backend_name() != "sqlite":
                return _unheard(create_engine(url, future=True, **self._pool()))
            memory = url.database in (None, "", ":memory:")
            if memory:
                self._memory_lock = threading.RLock()
            engine = create_engine(
                url,
                poolclass=StaticPool if memory else NullPool,
                connect_args={"check_same_thread": False} if memory else {},
                future=True,
            )
        except Exception as error:  # ArgumentError, NoSuchModuleError, a driver's ImportError
            raise ValueError(
                f"SST_DATABASE_URL cannot be used ({type(error).__name__}): is the driver "
                "installed, and the kind of database spelt as SQLAlchemy has it?"
            ) from None
        path = None if memory else str(url.database)

        @event.listens_for(engine, "do_connect")
        def _private(_dialect: Any, _record: Any, _args: Any, _options: Any) -> None:
            if path is not None and not path.startswith("file:"):
                _create_private(Path(path))

        @event.listens_for(engine, "connect")
        def _configure(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # we begin; the driver's own BEGIN comes too late
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
            with suppress(Exception):  # a read-only store stays readable as it is
                cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=NORMAL")
            cursor.close()

        return _unheard(engine)


def _create_private(path: Path) -> None:
    """Make the file readable by its owner alone before SQLite makes it under the umask."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _unheard(engine: Engine) -> Engine:
    """Keep listeners on the class ``Engine`` (statement counters, tracers) off our statements.

    SQLAlchemy looks at this flag before it calls any of them; set on the instance it hides the
    class's, whichever comes first.
    """
    engine._has_events = False
    return engine


def is_outage(error: BaseException) -> bool:
    """Tell trouble of the database (retry later) from a row it will never take."""
    from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

    return isinstance(error, (OperationalError, InterfaceError, InternalError, OSError)) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
