"""An application as a process of its own, started as its people do, and what we wrote of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import requests

from sst_otel.audit import open_reader
from sst_otel.keys import load_keys
from sst_otel.settings import load_settings

APPS = Path(__file__).resolve().parents[1] / "apps"
BINARIES = Path(sys.executable).parent
FLASK = ("flask", "--app", "shop", "run", "--port", "{port}")
OTEL = "opentelemetry-instrument"
_OURS = ("OTEL_", "SST_", "FLASK_", "SHOP_", "WERKZEUG_")


class Launched:
    """A running application.

    ``folder`` receives ``app.db``, ``app.log`` and the directory ``audit`` with everything of ours.
    """

    def __init__(
        self,
        folder: Path,
        vendor: str,
        command: Sequence[str] = (OTEL, *FLASK),
        environ: Mapping[str, str] | None = None,
        cwd: Path = APPS,
        preexec: Callable[[], None] | None = None,
    ) -> None:
        self.folder = folder
        self.audit = folder / "audit"
        self.audit.mkdir(parents=True, exist_ok=True)
        self.log_file = folder / "app.log"
        self.log_file.touch()
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            "PATH": os.pathsep.join([str(BINARIES), os.environ.get("PATH", os.defpath)]),
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
        words[0] = str(BINARIES / words[0])
        self.process = subprocess.Popen(
            words,
            bufsize=0,
            cwd=cwd,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=preexec,
        )
        # Through a pipe: an application that may not write files can still speak.
        self._logger = threading.Thread(target=self._keep_log)
        self._logger.start()
        try:
            wait_until(self._answers, self._trouble)
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
        self._logger.join()

    def stop(self) -> None:
        """Stop the application; killed after 10 s."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self._logger.join()

    def _keep_log(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output, self.log_file.open("wb", buffering=0) as log:
            shutil.copyfileobj(output, log)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            return False
        with self.client() as client:
            try:
                return client.get(f"{self.url}/health", timeout=20).ok
            except requests.ConnectionError:
                return False

    def _trouble(self) -> str | None:
        if self.process.poll() is None:
            return None
        return "it ended:\n" + "\n".join(self.log().splitlines()[-15:])


@contextmanager
def launched(*args: Any, **kwargs: Any) -> Iterator[Launched]:
    """Run an application for the time of the block; arguments as of :class:`Launched`."""
    running = Launched(*args, **kwargs)
    try:
        yield running
    finally:
        running.stop()


def wait_until(
    condition: Callable[[], bool], trouble: Callable[[], str | None] = lambda: None
) -> None:
    """Wait up to 60 s for a condition; ``trouble`` says why it will never come true."""
    pause = threading.Event()
    deadline = time.monotonic() + 60
    while not condition():
        why = trouble()
        assert why is None, why
        assert time.monotonic() < deadline, "waited in vain"
        pause.wait(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
