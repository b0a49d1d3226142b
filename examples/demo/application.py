"""The budgeting site as a process of its own, started as its developers would start it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import requests

SITE = Path(__file__).resolve().parents[1] / "budget"
TRACKED = ("opentelemetry-instrument",)
"""The one word in front of the command that turns tracking on."""
_OURS = ("OTEL_", "SST_", "FLASK_", "SSL_CERT_", "REQUESTS_CA_", "CURL_CA_", "DATABASE_URL")


class Application:
    """The running site; a context manager.

    ``folder``: receives its database and its log. ``environ``: variables on top of this process's
    own, from which earlier telemetry, proxy and certificate settings are taken out. ``port``: 0
    picks a free one. ``launcher``: what stands in front of ``flask``; empty runs it untracked.

    Raises ``RuntimeError`` with the log's last lines when it does not come up in 60 s.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        *,
        port: int = 0,
        launcher: tuple[str, ...] = TRACKED,
    ) -> None:
        self.environ = {**clean_environ(), **environ}
        self.environ["DATABASE_URL"] = f"sqlite:///{folder / 'budget.db'}"
        self.log_file = folder / "app.log"
        port = port or _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environ["FLASK_APP"] = "app"  # Flask 2.1 has no --app
        command = [*launcher, "flask", "run", "--port", str(port)]
        command[0] = str(Path(sys.executable).parent / command[0])
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=SITE,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the driver, which then stops the site
            )
        try:
            self._wait_until_up(time.monotonic() + 60)
        except BaseException:
            self.close()
            raise

    def _wait_until_up(self, deadline: float) -> None:
        pause = threading.Event()
        with requests.Session() as client:
            client.trust_env = False
            while self._process.poll() is None and time.monotonic() < deadline:
                try:
                    client.get(self.url, timeout=5).raise_for_status()
                except requests.RequestException:
                    pause.wait(0.1)
                else:
                    return
        # Nobody has signed up yet, so the log holds nobody's data.
        last_lines = self.log_file.read_text(errors="replace").splitlines()[-15:]
        raise RuntimeError("\n".join(["the site did not come up; its log ends:", *last_lines]))

    @property
    def pid(self) -> int:
        """The site's process id."""
        return self._process.pid

    def close(self) -> None:
        """Stop the site; killed after 10 s."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def __enter__(self) -> Application:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def clean_environ() -> dict[str, str]:
    """Return this process's environment without telemetry, tracking, proxies and certificates."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and not name.lower().endswith("_proxy")
    }
    binaries = str(Path(sys.executable).parent)
    return {**kept, "PATH": os.pathsep.join([binaries, kept.get("PATH", os.defpath)])}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
