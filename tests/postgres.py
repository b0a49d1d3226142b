"""A PostgreSQL server of the tests' own, from the binaries of this machine; its databases.

``pytest_plugins`` is not needed: import the fixtures ``postgres_server`` and ``postgres`` where
they are used. A machine without a server fails with a line that says what to install.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

USER = "sst"
_STARTS_IN = 60
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "50",
    "synchronous_commit": "off",
}
_names = itertools.count(1)


class NoServer(AssertionError):
    """PostgreSQL's server programs are not on this machine, or do not start."""


@dataclass(frozen=True)
class Database:
    """One empty database of a running server, reached over loopback without a password."""

    port: int
    name: str

    @property
    def dsn(self) -> str:
        """What psycopg, psycopg2 and libpq take."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{self.name}"

    def url(self, driver: str = "") -> str:
        """Return SQLAlchemy's URL: ``driver`` is ``psycopg``, ``psycopg2`` or ``""``."""
        return self.dsn.replace("postgresql:", f"postgresql+{driver}:" if driver else "postgresql:")


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    folder: Path

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Make a database for the time of the block."""
        name = f"test_{os.getpid()}_{next(_names)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield Database(self.port, name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        dsn = f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A server for the whole run."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: Server) -> Iterator[Database]:
    """An empty database."""
    with postgres_server.database() as database:
        yield database


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server in a folder of its own; raises :class:`NoServer` saying why it cannot."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="sst-postgres-", dir="/tmp"))
    try:
        account = _account(folder)
        data = folder / "data"
        _initialise(programs, data, account)
        port = _free_port()
        log = folder / "server.log"
        options = {**_SETTINGS, "port": str(port), "unix_socket_directories": str(folder)}
        words = [str(programs / "postgres"), "-D", str(data)]
        for name, value in options.items():
            words += ["-c", f"{name}={value}"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                words, stdout=output, stderr=output, cwd=folder, start_new_session=True, **account
            )
        try:
            _wait(process, port, log)
            yield Server(port, folder)
        finally:
            process.send_signal(signal.SIGINT)  # "fast": does not wait for clients
            try:
                process.wait(_STARTS_IN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Return the folder of ``initdb`` and ``postgres``; the newest version first."""
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
    raise NoServer(
        "these tests need PostgreSQL's server programs (Debian: apt-get install postgresql)"
    )


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int("0" + "".join(filter(str.isdigit, part))) for part in folder.parts)


def _account(folder: Path) -> dict[str, Any]:
    """Return whom to run the server as: it refuses root. ``folder`` becomes theirs."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoServer("PostgreSQL refuses root, and there is no user postgres or nobody here")


def _initialise(programs: Path, data: Path, account: dict[str, Any]) -> None:
    words = [str(programs / "initdb"), "-D", str(data), "-U", USER, "--auth=trust", "--no-sync"]
    words += ["--encoding=UTF8", "--locale=C"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=data.parent, **account
    )
    if done.returncode:
        raise NoServer(f"initdb failed: {done.stderr.strip()[-500:]}")


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    pause = threading.Event()
    deadline = time.monotonic() + _STARTS_IN
    dsn = f"postgresql://{USER}@127.0.0.1:{port}/postgres"
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                text = log.read_text(errors="replace")[-500:]
                raise NoServer(f"postgres did not start: {text}") from None
        pause.wait(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
