"""``sst-otel doctor``: what is covered, what is skipped and why, and the settings."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from sst_otel.cli import checks, opening
from sst_otel.cli.checks import PROBLEM, Finding
from sst_otel.cli.configuration import configuration, listing, origins, shown
from sst_otel.cli.errors import PROBLEMS
from sst_otel.cli.gaps import AREA, gaps, section
from sst_otel.cli.keeping import keeping
from sst_otel.cli.libraries import ABSENT, BY_US, libraries
from sst_otel.cli.outbox import outbox
from sst_otel.cli.output import add_format, write_csv, write_json, write_ndjson
from sst_otel.cli.packages import codecs, packages
from sst_otel.cli.paragraphs import facts, indented
from sst_otel.cli.pipeline import pipeline
from sst_otel.cli.processes import HOOKED, processes
from sst_otel.cli.telemetry import services, telemetry
from sst_otel.settings import Layer, Settings, layers

NAME = "doctor"
HELP = "say what is covered here, what is skipped and why"
_SPAN_BY_US = "span by us"
FIELDS = ("area", "subject", "state", "detail")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the format."""
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Print the findings; 1 where there is a problem."""
    used = opening.settings()
    places = layers(os.environ)
    rows = [asdict(finding) for finding in _findings(used, places)]
    problems = sum(row["state"] == PROBLEM for row in rows)
    if options.format == "json":
        write_json(
            {
                "problems": problems,
                "settings": shown(used),
                "origins": origins(places),
                "findings": rows,
            }
        )
    elif options.format == "ndjson":
        write_ndjson(rows)
    elif options.format == "csv":
        write_csv(rows, FIELDS)
    else:
        for line in _report(rows):
            print(line)
        print()
        for line in listing(used, places):
            print(line)
        for line in _summary(rows):
            print(line)
    return PROBLEMS if problems else 0


def _findings(settings: Settings, places: Sequence[Layer]) -> Iterator[Finding]:
    yield from checks.start(settings)
    yield from libraries()
    yield from packages()
    yield from codecs()
    yield from checks.watched(settings)
    found = pipeline(os.environ)
    yield from telemetry(settings, found)
    yield from services(settings, found)
    yield from checks.key(settings)
    yield from checks.store(settings)
    yield from keeping(settings)
    yield from outbox(settings)
    yield from checks.pages(settings)
    yield from processes(settings)
    yield from configuration(places)
    yield from gaps(settings)


def _report(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines for people: area by area, what is not installed in one line."""
    kept = [row for row in rows if row["area"] != AREA]
    for area, found in groupby(kept, lambda row: row["area"]):
        here = list(found)
        yield f"{'' if here[0] is kept[0] else chr(10)}{area.capitalize()}"
        yield from facts(
            [
                (f"{row['state']:<7} {row['subject']}", _short(row["detail"]))
                for row in here
                if row["detail"] != ABSENT
            ],
            "  ",
        )
        if any(row["detail"].endswith(BY_US) for row in here):
            text = (
                "where its instrumentation is missing or off; install or switch on "
                "opentelemetry-instrumentation-NAME for spans of calls that share nothing, too"
            )
            yield from indented(text, f"  {_SPAN_BY_US}: ")
        absent = [row["subject"] for row in here if row["detail"] == ABSENT]
        if absent:
            yield from indented(", ".join(absent), "  not here: ")
    for line in section([row for row in rows if row["area"] == AREA]):
        yield f"\n{line}" if line[0] != " " else line


def _summary(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield how many problems there are, and which: they may be pages above."""
    found = [row["subject"] for row in rows if row["state"] == PROBLEM]
    if not found:
        yield "\nNo problems found."
        return
    said = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    yield ""
    yield from indented(f"{said} found: {', '.join(dict.fromkeys(found))}.", "")


def _short(detail: str) -> str:
    """Return a detail as people want it, without what is alike in many lines."""
    if detail.endswith(BY_US):
        return f"{detail.partition(';')[0]}; {_SPAN_BY_US}"
    if not detail.startswith(HOOKED):
        return detail
    hooks = detail.removeprefix(HOOKED).split(", ")
    return HOOKED + ", ".join(sorted({re.split(r"[.:]", hook)[0] for hook in hooks}))
