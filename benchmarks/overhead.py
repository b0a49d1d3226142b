"""What tracking costs: the demo's main request bare, under plain OpenTelemetry, and with us.

All variants run at the same time and are asked in turn, so that drift of the machine hits them
alike; every figure is a ratio within one round, of which the median is printed. CPU is that of the
whole server process, its background threads included. ``--rounds`` and ``--requests`` set the
length.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from examples.demo.application import TRACKED, Application
from examples.demo.people import PEOPLE, Browser, Journey
from examples.stand_in import StandIn

WITHOUT_STORE = (*TRACKED, sys.executable, str(Path(__file__).with_name("without_store.py")))
PLAIN = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "sst"}
VARIANTS: dict[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "bare": ((), {}),
    "OpenTelemetry": (TRACKED, PLAIN),
    "sst, no store": (WITHOUT_STORE, {}),
    "sst": (TRACKED, {}),
}
BASELINE = "OpenTelemetry"
PATHS = {"main request": "/ai-insights", "no personal data leaves": "/dashboard"}


@dataclass
class Server:
    """One variant, running."""

    site: Application
    browser: Browser
    ready: float
    """Seconds from start to the first answer."""
    cpu: dict[str, list[float]] = field(default_factory=dict)
    p50: dict[str, list[float]] = field(default_factory=dict)
    p95: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, path: str, requests: int) -> None:
        """Ask ``requests`` times; keep CPU seconds a request and the times of the answers."""
        times = []
        before = self._cpu_seconds()
        for _ in range(requests):
            began = time.perf_counter()
            self.browser.look_at(path)
            times.append(time.perf_counter() - began)
        self.cpu.setdefault(path, []).append((self._cpu_seconds() - before) / requests)
        cuts = statistics.quantiles(times, n=20)
        self.p50.setdefault(path, []).append(cuts[9])
        self.p95.setdefault(path, []).append(cuts[18])

    def resident_megabytes(self) -> float:
        """Return the process's resident memory now."""
        for line in Path(f"/proc/{self.site.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def _cpu_seconds(self) -> float:
        """Sum the scheduler's account of every thread (the server answers in one thread)."""
        tasks = Path(f"/proc/{self.site.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def start(stack: ExitStack, name: str, stand_in: StandIn, folder: Path) -> Server:
    """Start one variant and log a person in."""
    launcher, environ = VARIANTS[name]
    home = folder / name.replace(", ", "-").replace(" ", "-")
    home.mkdir()
    settings = {
        **stand_in.environ(),
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
        "SST_DATABASE_URL": f"sqlite:///{home / 'sst_audit.db'}",
        "FLASK_RUN_WITH_THREADS": "false",
        **environ,
    }
    began = time.perf_counter()
    site = stack.enter_context(Application(home, settings, launcher=launcher))
    ready = time.perf_counter() - began
    browser = Browser(site.url, PEOPLE[0], Journey())
    browser.sign_up()
    browser.log_in()
    browser.note_spending()
    return Server(site, browser, ready)


def ratio(ours: list[float], baseline: list[float]) -> str:
    """Return the median of the per-round ratios, and their range."""
    ratios = sorted(mine / theirs for mine, theirs in zip(ours, baseline, strict=True))
    return f"{statistics.median(ratios):5.2f}  ({ratios[0]:.2f}-{ratios[-1]:.2f})"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--requests", type=int, default=40)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stand_in = stack.enter_context(StandIn(folder / "authority"))
        servers = {name: start(stack, name, stand_in, folder) for name in VARIANTS}
        for path in PATHS.values():
            for server in servers.values():
                server.measure(path, 20)
        for server in servers.values():
            server.cpu.clear(), server.p50.clear(), server.p95.clear()
        for _ in range(options.rounds):
            for path in PATHS.values():
                for server in servers.values():
                    server.measure(path, options.requests)
        report(servers)


def report(servers: dict[str, Server]) -> None:
    """Print ratios to plain OpenTelemetry."""
    base = servers[BASELINE]
    for title, path in PATHS.items():
        print(f"\n{title}: GET {path}, x of plain OpenTelemetry (median, range of rounds)")
        print(f"{'variant':16} {'CPU':20} {'p50':20} {'p95':20}")
        for name, server in servers.items():
            cells = (
                ratio(server.cpu[path], base.cpu[path]),
                ratio(server.p50[path], base.p50[path]),
                ratio(server.p95[path], base.p95[path]),
            )
            print(f"{name:16} {cells[0]:20} {cells[1]:20} {cells[2]:20}")
        stored = zip(servers["sst"].cpu[path], servers["sst, no store"].cpu[path], strict=True)
        cost = statistics.median(with_store - without for with_store, without in stored)
        print(f"durable write and embedded store: {cost * 1e6:+.0f} us of CPU a request")
    print(f"\n{'variant':16} {'start to answer, s':20} {'resident, MB':20}")
    for name, server in servers.items():
        print(f"{name:16} {server.ready:<20.2f} {server.resident_megabytes():<20.0f}")


if __name__ == "__main__":
    main()
