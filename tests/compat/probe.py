"""Run inside one of the environments: the example site's day, the pages, the command.

``python probe.py FOLDER {"destination in the truth": "what it is called here", …}`` prints one JSON
object. Beside it stands a copy of ``examples``; ``sst_otel`` is the installed one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import requests

import sst_otel
from examples.demo.application import Application
from examples.demo.people import PEOPLE, live_a_day
from examples.demo.run import audit_logs, tracking
from examples.demo.truth import compare, complaints
from examples.stand_in import StandIn

_LOG = "/provenance/api/audit-logs"


def main(folder: Path, destinations: dict[str, str]) -> dict[str, Any]:
    """Return what happened, and what the audit log, the pages and the command say of it."""
    truth = {here: there for there, here in destinations.items()}
    with (
        StandIn(folder / "authority") as vendors,
        Application(folder, {**vendors.environ(), **tracking(folder, "staff-token")}) as site,
    ):
        journey = live_a_day(site.url)
        rows = audit_logs(site.environ)
        verdict = compare(
            [
                {**row, "destination": truth.get(row["destination"], row["destination"])}
                for row in rows
            ],
            journey,
        )
        return {
            "python": ".".join(map(str, sys.version_info[:2])),
            "package": sst_otel.__file__,
            "versions": {
                each.metadata["Name"].lower(): each.version for each in metadata.distributions()
            },
            "rows": rows,
            "missing": [str(row) for row in verdict.missing],
            "extra": [str(row) for row in verdict.extra],
            "complaints": complaints(vendors.arrivals, vendors.refused),
            "pages": [_pages(site.url, person.log_in) for person in PEOPLE],
            "stranger": requests.get(
                f"{site.url}/provenance/api/audit-logs", timeout=10
            ).status_code,
            "command": _command(site.environ, "events"),
            "log": [line for line in site.log_file.read_text().splitlines() if "sst_otel" in line],
        }


def _pages(url: str, log_in: dict[str, str]) -> dict[str, Any]:
    """Return what a person who is logged in sees of themselves."""
    with requests.Session() as browser:
        browser.trust_env = False
        browser.post(f"{url}/log-in", data=log_in, timeout=10).raise_for_status()
        api = browser.get(url + _LOG, timeout=10)
        page = browser.get(f"{url}/provenance/dashboard", timeout=10)
    return {"api": api.json(), "page": page.status_code, "text": page.text}


def _command(environ: dict[str, str], *arguments: str) -> Any:
    program = Path(sys.executable).with_name("sst-otel")
    done = subprocess.run(
        [str(program), *arguments, "--format", "json"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1]), json.loads(sys.argv[2])), sys.stdout)
