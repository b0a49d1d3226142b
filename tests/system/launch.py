"""An application as a process of its own, started as its people do, and what we wrote of it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

import requests

from sst_otel.audit import open_reader
from sst_otel.keys import load_keys
from sst_otel.settings import load_settings
from tools.stack.waiting import free_port as free_port
from tools.stack.waiting import wait_until as wait_until

APPS = Path(__file__).resolve().parents[1] / "apps"
BINARIES = Path(sys.executable).parent
FLASK = ("flask", "--app", "shop", "run", "--port", "{port}")
OTEL = "opentelemetry-instrument"
_OURS = ("OTEL_", "SST_", "FLASK_", "SHOP_", "WERKZEUG_")


class Launched:
    """A running application.

    ``folder`` receives ``app.db``, ``app.log`` with all it says, ``app.out`` with that part of it
    which goes to standard output, and the directory ``audit`` with everything of ours; ``binaries``
    is where the programs of the environment are, ``health`` a page that answers.
    """

    def __init__(
        self,
        folder: Path,
        vendor: str,
        command: Sequence[str] = (OTEL, *FLASK),
        environ: Mapping[str, str] | None = None,
        cwd: Path = APPS,
        preexec: Callable[[], None] | None = None,
        binaries: Path = BINARIES,
        health: str = "/health",
    ) -> None:
        self._health = health
        self.folder = folder
        self.audit = folder / "audit"
        self.audit.mkdir(parents=True, exist_ok=True)
        self.log_file = folder / "app.log"
        self.log_file.touch()
        _make_database(folder / "app.db")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            "PATH": os.pathsep.join([str(binaries), os.environ.get("PATH", os.defpath)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",  # werkzeug prints sets
            "PYTHONUNBUFFERED": "1",
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
            "SHOP_DB": f"sqlite:///{folder / 'app.db'}",
            "SST_DATABASE_URL": f"sqlite:///{self.audit / 'audit.db'}",
            "VENDOR": vendor,
            **(environ or {}),
        }
        words = [word.format(port=port) for word in command]
        words[0] = str(binaries / words[0])
        self.process = subprocess.Popen(
            words,
            bufsize=0,
            cwd=cwd,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=preexec,
        )
        # Through pipes: an application that may not write files can still speak.
        self._loggers = [
            threading.Thread(target=self._keep, args=(self.process.stdout, folder / "app.out")),
            threading.Thread(target=self._keep, args=(self.process.stderr, None)),
        ]
        for logger in self._loggers:
            logger.start()
        try:
            wait_until(self._answers, self._trouble, self._last_words)
        except BaseException:
            self.stop()
            raise

    def client(self) -> requests.Session:
        """Return a client with a cookie jar of its own and no proxy."""
        client = requests.Session()
        client.trust_env = False
        return client

    def log(self) -> str:
        """Return what the application has printed, ours included."""
        return self.log_file.read_text(errors="replace")

    def printed(self) -> str:
        """Return what of it went to standard output, as exporters to the console do."""
        return (self.folder / "app.out").read_text(errors="replace")

    def ours(self) -> list[str]:
        """Return the lines that we said."""
        return [line for line in self.log().splitlines() if "sst_otel: " in line]

    def rows(self) -> list[dict[str, Any]]:
        """Return the audit rows, oldest first, as another process reads them."""
        settings = load_settings(self.environ)
        keys = load_keys(settings.key, settings.key_file)
        with closing(open_reader(settings, keys)) as reader:
            return reader.audit_logs(viewer=None, limit=100_000)[0][::-1]

    def shares(self, *kinds: str) -> list[tuple[str, str, tuple[str, ...]]]:
        """Return ``(destination, owner id, sorted data types)`` of each row, oldest first."""
        return [
            (row["destination"], row["owner_id"], tuple(sorted(row["data_types"])))
            for row in self.rows()
            if not kinds or row["event_type"] in kinds
        ]

    def kill(self) -> None:
        """Kill the whole process group at once, as the kernel does for memory."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._join()

    def stop(self) -> None:
        """Stop the application; killed after 10 s."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self._join()

    def _join(self) -> None:
        for logger in self._loggers:
            logger.join()

    def _keep(self, output: IO[bytes], file: Path | None) -> None:
        with (
            output,
            self.log_file.open("ab", buffering=0) as log,
            (file or Path(os.devnull)).open("wb", buffering=0) as own,
        ):
            while piece := output.read(65_536):
                log.write(piece)
                own.write(piece)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            return False
        with self.client() as client:
            try:
                return client.get(self.url + self._health, timeout=20).ok
            except requests.ConnectionError:
                return False

    def _trouble(self) -> str | None:
        if self.process.poll() is None:
            return None
        return "it ended:\n" + self._last_words()

    def _last_words(self) -> str:
        return "\n".join(self.log().splitlines()[-15:])


@contextmanager
def launched(*args: Any, **kwargs: Any) -> Iterator[Launched]:
    """Run an application for the time of the block; arguments as of :class:`Launched`."""
    running = Launched(*args, **kwargs)
    try:
        yield running
    finally:
        running.stop()


def _make_database(path: Path) -> None:
    """Make the database that workers open at once: two that turn it to WAL fail each other."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
