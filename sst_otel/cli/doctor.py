"""``sst-otel doctor``: what is covered, what is skipped and why, and the settings."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from sst_otel.cli import checks, opening
from sst_otel.cli.checks import HOOKED, PROBLEM, Finding
from sst_otel.cli.errors import PROBLEMS
from sst_otel.cli.gaps import AREA, gaps, section
from sst_otel.cli.libraries import ABSENT, libraries
from sst_otel.cli.output import add_format, write_csv, write_json, write_ndjson
from sst_otel.cli.packages import codecs, packages
from sst_otel.cli.paragraphs import facts, indented
from sst_otel.settings import Settings

NAME = "doctor"
HELP = "say what is covered here, what is skipped and why"
FIELDS = ("area", "subject", "state", "detail")
_SECRETS = ("key", "staff_token")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the format."""
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Print the findings; 1 where there is a problem."""
    used = opening.settings()
    rows = [asdict(finding) for finding in _findings(used)]
    problems = sum(row["state"] == PROBLEM for row in rows)
    if options.format == "json":
        write_json({"problems": problems, "settings": shown(used), "findings": rows})
    elif options.format == "ndjson":
        write_ndjson(rows)
    elif options.format == "csv":
        write_csv(rows, FIELDS)
    else:
        for line in _report(rows):
            print(line)
        print("\nSettings in effect")
        for name, value in shown(used).items():
            print(f"  SST_{name.upper()} = {_text(value)}")
        said = "1 problem" if problems == 1 else f"{problems or 'No'} problems"
        print(f"\n{said} found.")
    return PROBLEMS if problems else 0


def _findings(settings: Settings) -> Iterator[Finding]:
    yield from checks.start(settings)
    yield from libraries()
    yield from packages()
    yield from codecs()
    yield from checks.watched(settings)
    yield from checks.key(settings)
    yield from checks.store(settings)
    yield from checks.pages(settings)
    yield from checks.processes(settings)
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
        absent = [row["subject"] for row in here if row["detail"] == ABSENT]
        if absent:
            yield from indented(", ".join(absent), "  not here: ")
    for line in section([row for row in rows if row["area"] == AREA]):
        yield f"\n{line}" if line[0] != " " else line


def _short(detail: str) -> str:
    """Return a detail as people want it: of hooks the packages, not each function."""
    if not detail.startswith(HOOKED):
        return detail
    hooks = detail.removeprefix(HOOKED).split(", ")
    return HOOKED + ", ".join(sorted({re.split(r"[.:]", hook)[0] for hook in hooks}))


def shown(settings: Settings) -> dict[str, Any]:
    """Return the settings in effect, secrets only as set or not set."""
    from sqlalchemy.engine import make_url

    values: dict[str, Any] = {}
    for item in fields(settings):
        value = getattr(settings, item.name)
        if item.name in _SECRETS:
            value = "set" if value is not None else "not set"
        elif item.name == "database_url":
            url = make_url(value)
            masked = {key: "***" for key in url.query if "pass" in key.lower()}
            url = url.update_query_dict(masked)
            value = url.render_as_string(hide_password=True)
        elif isinstance(value, Path):
            value = str(value)
        elif isinstance(value, tuple):
            value = [dict(one) if not isinstance(one, str) else one for one in value]
        values[item.name] = value
    return values


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value) if value not in ("", {}) else "none"
