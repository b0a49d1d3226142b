"""A PostgreSQL server of our own, and its databases."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tools.stack.program import MissingToolError, Program
from tools.stack.waiting import free_port

USER = "sst"
QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For databases that need not survive the machine: tests."""
_SETTINGS = {"listen_addresses": "127.0.0.1", "max_connections": "50"}
_names = itertools.count(1)


class NoServerError(MissingToolError):
    """PostgreSQL's server programs are not on this machine, or cannot run here."""


@dataclass(frozen=True)
class Database:
    """A database of a running server, reached over loopback without a password."""

    port: int
    name: str

    @property
    def dsn(self) -> str:
        """What psycopg, psycopg2 and libpq take."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{self.name}"

    def url(self, driver: str = "") -> str:
        """Return SQLAlchemy's URL: ``driver`` is ``psycopg``, ``psycopg2`` or ``""``."""
        return self.dsn.replace("postgresql:", f"postgresql+{driver}:" if driver else "postgresql:")


class Server(Program):
    """A server whose databases are in ``folder``; made there where there are none yet.

    ``port``: of loopback. ``settings``: of PostgreSQL, such as :data:`QUICK`. ``programs``: the
    folder of ``initdb`` and ``postgres``, this machine's if not given. Raises
    :class:`NoServerError` where there are no server programs or no account to run them as.
    """

    def __init__(
        self, folder: Path, port: int, settings: Mapping[str, str], programs: Path | None = None
    ) -> None:
        programs = programs or server_programs()
        folder.mkdir(parents=True, exist_ok=True)
        account = _account(folder)
        if account and _closed(programs):
            programs = _copied(programs, folder / "server")
        data = folder / "data"
        if not (data / "PG_VERSION").exists():
            _initialise(programs, data, account)
        options = {
            **_SETTINGS,
            **settings,
            "port": str(port),
            "unix_socket_directories": "",  # their paths may be too long
        }
        words = [str(programs / "postgres"), "-D", str(data)]
        for name, value in options.items():
            words += ["-c", f"{name}={value}"]
        super().__init__(
            "PostgreSQL",
            words,
            folder / "server.log",
            self._takes_connections,
            cwd=folder,
            ends=signal.SIGINT,  # "fast": does not wait for clients
            account=account,
        )
        self.port = port
        self.folder = folder

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Make a database for the time of the block."""
        name = f"test_{os.getpid()}_{next(_names)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield Database(self.port, name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def kept_database(self, name: str) -> Database:
        """Return a database that stays, made where there is none."""
        with self._connected() as connection:
            query = "SELECT count(*) FROM pg_database WHERE datname = %s"
            found = connection.execute(query, [name]).fetchone()
        if found == (0,):
            self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        return Database(self.port, name)

    def run(self, statement: str) -> None:
        """Run a statement as the superuser."""
        with self._connected() as connection:
            connection.execute(statement.encode())

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        dsn = Database(self.port, "postgres").dsn
        return psycopg.connect(dsn, autocommit=True, connect_timeout=5)

    def _takes_connections(self) -> bool:
        try:
            self._connected().close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_server() -> Iterator[Server]:
    """Run a quick server in a folder that is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sst-postgres-", dir="/tmp"))  # reached by any account
    try:
        with Server(folder, free_port(), QUICK) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def server_programs() -> Path:
    """Return the folder of ``initdb`` and ``postgres``: on the path, else the newest version.

    Raises :class:`NoServerError` where there is none.
    """
    candidates = []
    for name in ("postgres", "initdb"):
        found = shutil.which(name)
        if found:
            candidates.append(Path(found).resolve().parent)
    config = shutil.which("pg_config")
    if config:
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        candidates.append(Path(said.stdout.strip()))
    for pattern in (
        "usr/lib/postgresql/*/bin",
        "usr/pgsql-*/bin",
        "opt/homebrew/opt/postgres*/bin",
    ):
        found_there = [path for path in Path("/").glob(pattern) if path.is_dir()]
        candidates += sorted(found_there, key=_version, reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoServerError(
        "PostgreSQL's server programs are missing (Debian: apt-get install postgresql)"
    )


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int("0" + "".join(filter(str.isdigit, part))) for part in folder.parts)


def _account(folder: Path) -> dict[str, Any]:
    """Return whom to run the server as: it refuses root. ``folder`` becomes theirs."""
    if os.geteuid() != 0:
        return {}
    closed = _closed(folder)
    if closed:
        raise NoServerError(
            f"PostgreSQL refuses root, and other accounts may not enter {closed[-1]}: "
            "run this as an ordinary user, or from a folder that is open to others"
        )
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoServerError("PostgreSQL refuses root, and there is no user postgres or nobody here")


def _closed(place: Path) -> list[Path]:
    """Return the folders above ``place`` that other accounts may not enter, the nearest first."""
    return [one for one in place.resolve().parents if not one.stat().st_mode & 0o001]


def _copied(programs: Path, place: Path) -> Path:
    """Return where the server programs are that any account can run: a copy with its libraries.

    Raises :class:`NoServerError` for a server that is spread over folders of other programs.
    """
    if not (programs.parent / "share" / "postgres.bki").is_file():
        raise NoServerError(f"PostgreSQL refuses root, and other accounts may not run {programs}")
    if not place.exists():
        shutil.copytree(programs.parent, place, symlinks=True)
    return place / programs.name


def _initialise(programs: Path, data: Path, account: dict[str, Any]) -> None:
    words = [str(programs / "initdb"), "-D", str(data), "-U", USER, "--auth=trust", "--no-sync"]
    words += ["--encoding=UTF8", "--locale=C"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=data.parent, **account
    )
    if done.returncode:
        raise NoServerError(f"initdb failed: {done.stderr.strip()[-500:]}")
