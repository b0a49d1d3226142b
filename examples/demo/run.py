"""One run: the site behind the stand-in, the two people's day, the report."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from examples.demo.application import Application
from examples.demo.people import PEOPLE, live_a_day
from examples.demo.report import Result, json_report, text_report
from examples.demo.truth import compare, complaints
from examples.stand_in import StandIn, is_answering
from sst_otel.audit import open_reader
from sst_otel.keys import load_keys
from sst_otel.settings import load_settings


def run(
    folder: Path, vendors: StandIn, *, port: int = 0, as_json: bool = False, keep: bool = False
) -> int:
    """Run the site behind ``vendors``, report on standard output, return the exit code.

    ``folder``: receives the site's database and log, the audit store and its key. ``port``: of the
    site, 0 = a free one. ``keep``: leave the site up until Ctrl-C. Exit codes as in ``__main__``.
    """
    started = time.monotonic()
    if not is_answering(vendors.url):
        print(
            "demo: nobody stands in for the vendors (the proxy does not answer); without it the "
            "site would call the real ones. Not started.",
            file=sys.stderr,
        )
        return 2
    staff_token = secrets.token_urlsafe(18)
    try:
        with Application(
            folder, {**vendors.environ(), **tracking(folder, staff_token)}, port=port
        ) as site:
            journey = live_a_day(site.url)
            rows = audit_logs(site.environ)
            result = Result(
                rows=rows,
                verdict=compare(rows, journey),
                complaints=complaints(vendors.arrivals, vendors.refused),
                hosts=tuple(arrival.host for arrival in vendors.arrivals),
                seconds=time.monotonic() - started,
                folder=folder,
            )
            print(json_report(result) if as_json else text_report(result), flush=True)
            if keep:
                _stay_up(site, staff_token)
            elif not as_json:
                print(_where_to_look(folder))
    except RuntimeError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0 if result.ok else 1


def tracking(folder: Path, staff_token: str) -> dict[str, str]:
    """Return the settings of the tracked site; no collector is needed for the embedded store."""
    return {
        "OTEL_SERVICE_NAME": "budget",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
        **dict.fromkeys(
            ("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"), "none"
        ),
        "SST_DATABASE_URL": f"sqlite:///{folder / 'sst_audit.db'}",
        "SST_STAFF_TOKEN": staff_token,
        "SECRET_KEY": secrets.token_urlsafe(32),
    }


def audit_logs(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read the whole audit log that a site with these variables writes."""
    settings = load_settings(environ)
    reader = open_reader(settings, load_keys(settings.key, settings.key_file))
    try:
        rows, cursor = reader.audit_logs(viewer=None)
        while cursor is not None:
            page, cursor = reader.audit_logs(viewer=None, cursor=cursor)
            rows += page
        return rows
    finally:
        reader.close()


def _where_to_look(folder: Path) -> str:
    database = folder / "sst_audit.db"
    if database.is_relative_to(Path.cwd()):
        database = database.relative_to(Path.cwd())
    return (
        "\nSee the page:  make demo SERVE=1, then /provenance/dashboard\n"
        f"Ask the log:   SST_DATABASE_URL=sqlite:///{database} \\\n"
        "               .venv/bin/sst-otel events"
    )


def _stay_up(site: Application, staff_token: str) -> None:
    print(f"\nThe site:  {site.url}\nThe page:  {site.url}/provenance/dashboard")
    print(f"Staff:     {staff_token} (sees everybody's rows)")
    for person in PEOPLE:
        form = person.log_in
        print(f"User {person.owner_id}:    {form['email']}, password: {form['password']}")
    print("Ctrl-C ends it.", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print()
