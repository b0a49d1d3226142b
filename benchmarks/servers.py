"""The variants as running processes, and a client that keeps its log-in."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
TRACED = (str(Path(sys.executable).with_name("opentelemetry-instrument")), sys.executable)
PLAIN = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "sst"}
VARIANTS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "bare": ((sys.executable, "serve.py"), {}),
    "OpenTelemetry": ((*TRACED, "serve.py"), PLAIN),
    "sst, no store": ((*TRACED, "serve.py", "--without-store"), {}),
    "sst": ((*TRACED, "serve.py"), {}),
    "sst, unmarked": (
        (*TRACED, "serve.py", "--without-store", "--without-processors"),
        {"SST_REDACT": "off"},
    ),
}
"""The last leaves the application's own spans and log records as they are."""
BASELINE = "OpenTelemetry"
ITEMS = [{"sku": f"SKU-{n}", "count": n, "price": n * 1.5} for n in range(1, 6)]


class Client:
    """One browser: a cookie, and a connection that is opened as often as the server ends it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._cookie = ""
        self._body = b""
        self.asked = 0
        """How many requests this client has made."""

    def sign_up(self, number: int) -> None:
        """Become the person with this number."""
        person = {
            "email": f"person{number}.{number * 7919 % 100_003}@example.com",
            "name": f"Marta Quillfeather{chr(97 + number % 26)}{chr(97 + number // 26 % 26)}",
            "city": "Rotterdam",
            "phone": f"+31 10 {7_000_000 + number}",
            "income": 40_000.0 + number,
        }
        self._send("POST", "/signup", json.dumps(person).encode())
        more = {"street": f"{number} Coolsingel", "title": "Trail shoes", "total": 129.5}
        self._body = json.dumps({**person, **more, "items": ITEMS}).encode()

    def ask(self, method: str, path: str) -> float:
        """Ask once; return the seconds to the whole answer."""
        began = time.perf_counter()
        self._send(method, path, self._body if method == "POST" else None)
        return time.perf_counter() - began

    def cpu(self) -> dict[str, float]:
        """Return the server's CPU seconds, whole and by background thread."""
        found: dict[str, float] = json.loads(self._send("GET", "/_cpu", None))
        return found

    def _send(self, method: str, path: str, body: bytes | None) -> bytes:
        headers = {"Cookie": self._cookie} if self._cookie else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.asked += 1
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]!r}")
        cookie = answer.getheader("Set-Cookie")
        if cookie:
            self._cookie = cookie.partition(";")[0]
        return content


class Server:
    """One variant, running in ``folder``; ``more``: environment on top of the variant's own."""

    def __init__(
        self, name: str, vendor: int, folder: Path, more: Mapping[str, str] | None = None
    ) -> None:
        command, settings = VARIANTS[name]
        folder.mkdir()
        environ = {
            **os.environ,
            "BENCH_VENDOR": f"http://127.0.0.1:{vendor}",
            "BENCH_DATABASE": f"sqlite:///{folder / 'site.db'}",
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
            "SST_DATABASE_URL": f"sqlite:///{folder / 'sst_audit.db'}",
            **settings,
            **(more or {}),
        }
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # no server is started without its bytecode
        self.figures: dict[tuple[str, str], list[float]] = defaultdict(list)
        """(kind of request, figure) → its value in each round."""
        began = time.perf_counter()
        self._process = subprocess.Popen(
            command, cwd=HERE, env=environ, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        self.client = Client(self._port)
        self.client.cpu()
        self.ready = time.perf_counter() - began
        """Seconds from start to the first answer."""
        self.clients = [self.client]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)

    def log_in(self, clients: int) -> None:
        """Make this many clients, each somebody else."""
        self.clients += [Client(self._port) for _ in range(clients - 1)]
        for number, client in enumerate(self.clients, 1):
            client.sign_up(number)

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds used so far, whole and by background thread."""
        return self.client.cpu()

    def note(self, name: str, figure: str, value: float) -> None:
        """Keep one round's value of a figure."""
        self.figures[name, figure].append(value)

    def resident_megabytes(self) -> float:
        """Return the process's resident memory now."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0


@contextmanager
def started_vendor() -> Iterator[int]:
    """Run the vendor in a process of its own; gives its port."""
    command = (sys.executable, "vendor.py")
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
