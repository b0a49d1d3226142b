"""What tracking costs a request: bare, under plain OpenTelemetry, with us (without and with store).

All variants run at the same time and are asked in turn, forwards and backwards, so that drift of
the machine hits them alike; every figure is a ratio within one round, of which the median is
printed. CPU is that of the whole server process, its background threads included; what these use is
also printed apart. They work up to a second behind: it is waited for before CPU is read, or what
one kind of request has left them would be counted with the next.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from servers import BASELINE, Client, Server, started_vendor

REQUESTS = {
    "checkout": ("POST", "/checkout"),
    "report": ("POST", "/report"),
    "report, nobody": ("GET", "/report"),
}
"""I/O (a query, an insert, one call out); string work with and without personal data."""
COMPARED = ("bare", BASELINE, "sst, no store", "sst")
CLIENTS = 4
FIGURES = ("CPU", "p50", "p95")
BEHIND = 1.5
"""Seconds after which background threads have done what requests left them."""


def measure(servers: Collection[Server], name: str, requests: int) -> None:
    """Ask one server after the other; keep CPU seconds a request and the times of the answers."""
    method, path = REQUESTS[name]
    before = [server.cpu()["process"] for server in servers]
    for server in servers:
        times = [server.client.ask(method, path) for _ in range(requests)]
        cuts = statistics.quantiles(times, n=20)
        server.note(name, "p50", cuts[9])
        server.note(name, "p95", cuts[18])
    time.sleep(BEHIND)
    for server, used in zip(servers, before, strict=True):
        server.note(name, "CPU", (server.cpu()["process"] - used) / requests)


def in_turn(servers: dict[str, Server], count: int) -> list[Server]:
    """Return the servers in the order of a round: each as often before another as after it."""
    found = list(servers.values())
    return found[::-1] if count % 2 else found


def measure_together(server: Server, pool: ThreadPoolExecutor, requests: int) -> None:
    """Ask by several clients at once; keep the times of the answers."""
    method, path = REQUESTS["checkout"]

    def ask(client: Client) -> list[float]:
        return [client.ask(method, path) for _ in range(requests)]

    times = [spent for one in pool.map(ask, server.clients) for spent in one]
    cuts = statistics.quantiles(times, n=20)
    server.note("together", "p50", cuts[9])
    server.note("together", "p95", cuts[18])


def ratio(ours: list[float], baseline: list[float]) -> str:
    """Return the median of the per-round ratios, and their range."""
    ratios = sorted(mine / theirs for mine, theirs in zip(ours, baseline, strict=True))
    return f"{statistics.median(ratios):5.2f}  ({ratios[0]:.2f}-{ratios[-1]:.2f})"


def report(servers: dict[str, Server]) -> None:
    """Print ratios to plain OpenTelemetry."""
    base = servers[BASELINE].figures
    for name, (method, path) in REQUESTS.items():
        spent = statistics.median(base[name, "CPU"]) * 1e3
        print(f"\n{name}: {method} {path}, x of plain OpenTelemetry ({spent:.2f} ms of CPU)")
        print(f"{'variant':16} {'CPU':20} {'p50':20} {'p95':20}")
        for variant, server in servers.items():
            own = server.figures
            print(f"{variant:16}", *(f"{ratio(own[name, x], base[name, x]):20}" for x in FIGURES))
    if "checkout" in REQUESTS:
        print(f"\ncheckout by {CLIENTS} clients at once, x of plain OpenTelemetry")
    for variant, server in servers.items() if "checkout" in REQUESTS else ():
        figures = [
            ratio(server.figures["together", x], base["together", x]) for x in ("p50", "p95")
        ]
        print(f"{variant:16} p50 {figures[0]:20} p95 {figures[1]:20}")
    print("\nCPU of background threads, us a request of any kind")
    for variant, server in servers.items():
        behind = server.cpu()
        whole = behind.pop("process")
        asked = sum(client.asked for client in server.clients)
        told = (f"{name} {spent / asked * 1e6:.0f}" for name, spent in behind.items())
        print(f"{variant:16} whole process {whole / asked * 1e6:.0f};", ", ".join(told) or "none")


def report_start(vendor: int, folder: Path, times: int) -> None:
    """Print the seconds from start to the first answer, started in turn."""
    found: dict[str, list[float]] = {name: [] for name in COMPARED}
    for count in range(times):
        for name in COMPARED:
            with Server(name, vendor, folder / f"start-{count}-{name}") as server:
                found[name].append(server.ready)
    base = statistics.median(found[BASELINE])
    print("\nstart to first answer, s (median)")
    for name, seconds in found.items():
        middle = statistics.median(seconds)
        print(f"{name:16} {middle:.2f}  {middle - base:+.2f}")


def report_memory(vendor: int, folder: Path, values: int) -> None:
    """Print resident memory before and after requests that register ``values`` values."""
    people = values // 8
    print(f"\nresident MB: at the start, after {people} people's sign-ups and checkouts")
    for name in (BASELINE, "sst, no store", "sst"):
        with Server(name, vendor, folder / f"memory-{name}") as server:
            began = server.resident_megabytes()
            for number in range(people):
                server.client.sign_up(number + 1_000)
                server.client.ask("POST", "/checkout")
            print(f"{name:16} {began:6.1f} {server.resident_megabytes():6.1f}")


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--requests", type=int, default=40, help="a round and kind of request")
    parser.add_argument("--starts", type=int, default=5, help="of each variant; 0 = leave out")
    parser.add_argument("--values", type=int, default=10_000, help="0 = leave memory out")
    parser.add_argument("--only", default="", help="one kind of request")
    options = parser.parse_args()
    for name in set(REQUESTS) - {options.only} if options.only else ():
        del REQUESTS[name]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        vendor = stack.enter_context(started_vendor())
        pool = stack.enter_context(ThreadPoolExecutor(CLIENTS))
        servers = {
            name: stack.enter_context(Server(name, vendor, folder / name)) for name in COMPARED
        }
        for server in servers.values():
            server.log_in(CLIENTS)
        for count in range(options.rounds + 1):
            order = in_turn(servers, count)
            for name in REQUESTS:
                measure(order, name, options.requests)
            for server in order if "checkout" in REQUESTS else ():
                measure_together(server, pool, options.requests)
            time.sleep(BEHIND)
            if count == 0:  # the first round warms up
                for server in servers.values():
                    server.figures.clear()
        report(servers)
        if options.starts:
            report_start(vendor, folder, options.starts)
        if options.values:
            report_memory(vendor, folder, options.values)


if __name__ == "__main__":
    sys.exit(main())
