"""What tracking costs a call that leaves the process, by library and size of the body.

Each variant is a process of its own under ``opentelemetry-instrument``, so that the differences are
ours alone; all run at once and are asked in turn. Servers are in another process. Figures are
CPU microseconds a call, less than without us, as medians of the differences within a round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from doors import DOORS
from servers import HERE, PLAIN, TRACED

BASELINE = "without us"
VARIANTS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    BASELINE: ((), PLAIN),
    "idle": ((), {}),
    "known": (("live",), {}),
    "shared, no store": (("live", "shared", "--without-store"), {}),
    "shared": (("live", "shared"), {}),
}
MEANINGS = """\
idle: tracking is on, nothing of anybody is known in the process
known: somebody's data is known, none is in the body
shared: e-mail address and name of that person are in the body, an event is written"""
SIZES = {2_000: 30, 1_000_000: 4}
"""Size of a body → calls a round, at most."""
WIDTH = 16


class Caller:
    """One variant, running in ``folder``."""

    def __init__(self, name: str, ports: str, folder: Path) -> None:
        arguments, settings = VARIANTS[name]
        folder.mkdir()
        environ = {
            **os.environ,
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
            "SST_DATABASE_URL": f"sqlite:///{folder / 'sst_audit.db'}",
            **settings,
        }
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        command = (*TRACED, "caller.py", ports, *arguments)
        self._process = subprocess.Popen(
            command,
            cwd=HERE,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.figures: dict[tuple[str, int], list[float]] = defaultdict(list)
        """(door, size) → CPU microseconds of a call in each round."""

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def ask(self, door: str, size: int, calls: int) -> float:
        """Return the CPU microseconds of one call."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([door, size, calls]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{door}: the caller has ended")
        return float(answer) * 1e6


def short(number: float) -> str:
    """Return a ratio in five characters, the first of which is blank."""
    digits = 2 if 0 <= number < 9.995 else 1 if -10 < number < 99.95 else 0
    return f" {number:.{digits}f}".rjust(5)[:5]


def report(callers: dict[str, Caller], size: int) -> None:
    """Print one size's table."""
    base = callers[BASELINE].figures
    dumps = statistics.median(base["json.dumps", size])
    print(f"\nbody of {size:,} bytes; json.dumps of it takes {dumps:,.0f} us")
    print("CPU a call: us more | x without us | more as x of json.dumps")
    ours = [name for name in VARIANTS if name != BASELINE]
    names = "".join(f"{name.replace('shared, ', ''):>{WIDTH}}" for name in ours)
    print(f"{'':11}{'us':>5}{names}")
    for door in DOORS:
        theirs = base[door, size]
        if not theirs:
            continue
        line = f"{door:11}{statistics.median(theirs):5.0f}"
        for name in ours:
            pairs = list(zip(callers[name].figures[door, size], theirs, strict=True))
            more = statistics.median(mine - other for mine, other in pairs)
            ratio = statistics.median(mine / other for mine, other in pairs)
            line += f"{more:+6.0f}{short(ratio)}{short(more / dumps)}"
        print(line)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="doors, separated by commas")
    options = parser.parse_args()
    doors = options.only.split(",") if options.only else list(DOORS)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = stack.enter_context(
            subprocess.Popen(
                (sys.executable, "standins.py"), cwd=HERE, stdout=subprocess.PIPE, text=True
            )
        )
        stack.callback(servers.terminate)
        assert servers.stdout is not None
        ports = servers.stdout.readline()
        callers = {
            name: stack.enter_context(Caller(name, ports, folder / name)) for name in VARIANTS
        }
        for count in range(options.rounds + 1):
            for size, calls in SIZES.items():
                for door in ("json.dumps", *doors):
                    if door == "openai" and size > min(SIZES):
                        continue  # no prompt is that long
                    for caller in callers.values():
                        spent = caller.ask(door, size, calls)
                        if count:  # the first round warms up
                            caller.figures[door, size].append(spent)
        print(MEANINGS)
        for size in SIZES:
            report(callers, size)
        behind = {name: caller.ask("background", 0, 0) / 1e6 for name, caller in callers.items()}
        print("\nseconds of our background threads:", end=" ")
        print(", ".join(f"{name} {spent:.2f}" for name, spent in behind.items()))


if __name__ == "__main__":
    main()
