"""Which database, cache or broker is the application's own (design rule 8).

Its own are: files (SQLite) and sockets of this machine, servers on loopback, and what
``SST_OWN_DATABASES`` or ``SST_FIRST_PARTY_HOSTS`` name. Where ``SST_OWN_DATABASES`` is not set,
also the *main* server of each kind of database: the first one that this process connects to. A
second PostgreSQL on another host is somebody else's until the setting says otherwise. Of brokers
and search services there is no main one, since what is put there is meant for others to take,
except for the broker of Celery's tasks: the application's own workers take those. That broker may
be a redis beside the one that is the cache, and takes no place from it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache

_WITH_A_MAIN_ONE = {
    "cockroachdb": "postgresql",
    "mariadb": "mysql",
    "microsoft.sql_server": "mssql",
    "mongodb": "mongodb",
    "mssql": "mssql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgresql": "postgresql",
    "rabbitmq": "rabbitmq",  # of the application's own tasks alone
    "redis": "redis",
}
"""What OpenTelemetry calls a system, or SQLAlchemy → its kind."""


@dataclass(frozen=True, slots=True)
class Server:
    """A database, cache or broker as the application addresses it."""

    system: str
    """OpenTelemetry's ``db.system.name`` or ``messaging.system``."""
    host: str = ""
    """Lower case; ``""`` for a file or memory; a path for a socket of this machine."""
    port: int | None = None
    database: str = ""

    @property
    def name(self) -> str:
        """The host as it is written down, ``""`` for a file or a socket of this machine."""
        return "" if self.host.startswith(("/", "@")) else self.host


class Ownership:
    """Tells the application's own servers from others'.

    ``own``: globs of a host, of ``host:port`` or of ``host/database``; ``first_party``: of a host.
    """

    def __init__(self, own: Sequence[str], first_party: Sequence[str]) -> None:
        self._own = tuple(pattern.lower() for pattern in own)
        self._first_party = tuple(pattern.lower() for pattern in first_party)
        self._main: dict[tuple[str, bool], str] = {}

    def connected(self, server: Server, *, for_tasks: bool = False) -> None:
        """Note that the application uses a server: the first of its kind is its main one.

        ``for_tasks``: as the broker of its own tasks, of which there is a main one as well.
        """
        kind = _WITH_A_MAIN_ONE.get(server.system)
        if kind is not None and not _is_here(server.host):
            self._main.setdefault((kind, for_tasks), server.host)

    def is_own(self, server: Server) -> bool:
        """Whether what goes to ``server`` stays with the application."""
        host = server.host
        if _is_here(host):
            return True
        names = (host, f"{host}:{server.port}", f"{host}/{server.database}")
        if any(fnmatch(name, pattern) for pattern in self._own for name in names):
            return True
        if any(fnmatch(host, pattern) for pattern in self._first_party):
            return True
        kind = _WITH_A_MAIN_ONE.get(server.system)
        if self._own or kind is None:
            return False
        return host in (self._main.get((kind, False)), self._main.get((kind, True)))


@lru_cache(maxsize=512)
def _is_here(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
