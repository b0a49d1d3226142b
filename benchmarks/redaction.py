"""What span processors and redaction cost a request, beside plain OpenTelemetry.

All variants export to a receiver on this machine, and are asked as in ``overhead.py``: CPU is read
when background threads have done what the requests left them. The cost of both is the difference,
within a round, to a variant that follows and tells as they all do but leaves spans as they are.
Redaction works in the thread that exports: its CPU is shown apart, as that is what redaction adds
to, and how much that is of the CPU of the whole request under plain OpenTelemetry.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from overhead import REQUESTS, in_turn, measure, ratio
from servers import BASELINE, Server, started_vendor

UNMARKED, WITHOUT, WITH = "sst, unmarked", "sst, not redacted", "sst"
VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    BASELINE: (BASELINE, {}),
    UNMARKED: (UNMARKED, {}),
    WITHOUT: ("sst, no store", {"SST_REDACT": "off"}),
    WITH: ("sst, no store", {}),
}
EXPORTING = "exporting"


def exporting(server: Server) -> float:
    """Return the CPU seconds of the thread that exports spans."""
    return sum(spent for name, spent in server.cpu().items() if name.startswith("OtelBatchSpan"))


def report(servers: dict[str, Server]) -> None:
    """Print ratios to plain OpenTelemetry, and the CPU of the thread that exports."""
    base = servers[BASELINE].figures
    print("exported spans, x of plain OpenTelemetry; us of the exporting thread a request")
    print(f"{'request':16} {'variant':18} {'CPU':20} {'p50':20} exporting")
    for name in REQUESTS:
        whole = statistics.median(base[name, "CPU"])
        for variant, server in servers.items():
            own = server.figures
            shown = (f"{ratio(own[name, x], base[name, x]):20}" for x in ("CPU", "p50"))
            spent = statistics.median(own[name, EXPORTING])
            before = statistics.median(servers[WITHOUT].figures[name, EXPORTING])
            more = f", {(spent - before) / whole * 100:+.1f} % of a request"
            told = more if variant == WITH else ""
            print(f"{name:16} {variant:18}", *shown, f"{spent * 1e6:.0f}{told}")
        parts = (added(servers, name, figure) for figure in ("CPU", "p50"))
        print(f"{name:16} {'both of these':18}", *parts, sep="  ")


def added(servers: dict[str, Server], name: str, figure: str) -> str:
    """Return what processors and redaction make of one round's plain OpenTelemetry: the median."""
    base, unmarked, ours = (
        servers[variant].figures[name, figure] for variant in (BASELINE, UNMARKED, WITH)
    )
    both = zip(base, unmarked, ours, strict=True)
    return ratio([plain + full - without for plain, without, full in both], base)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=40, help="a round and kind of request")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        vendor = stack.enter_context(started_vendor())
        exported = {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{vendor}",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        servers = {
            name: stack.enter_context(
                Server(variant, vendor, folder / name, {**exported, **settings})
            )
            for name, (variant, settings) in VARIANTS.items()
        }
        for server in servers.values():
            server.log_in(1)
        for count in range(options.rounds + 1):
            order = in_turn(servers, count)
            for name in REQUESTS:
                before = [exporting(server) for server in order]
                measure(order, name, options.requests)
                for server, used in zip(order, before, strict=True):
                    server.note(name, EXPORTING, (exporting(server) - used) / options.requests)
            if count == 0:  # the first round warms up
                for server in servers.values():
                    server.figures.clear()
        report(servers)


if __name__ == "__main__":
    sys.exit(main())
