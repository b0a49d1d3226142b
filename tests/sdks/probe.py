"""Run inside an environment of vendors' SDKs: ``python probe.py FOLDER '{name: entry, …}'``.

Each program runs three times: without us, tracked, and tracked beside sentry-sdk, whose thread
integration takes OpenTelemetry's away. Prints one JSON object: name → what left and what was told.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, request, session

from sst_otel.testing import Share, Shares, follow, tracking
from tests.sdks.base import PEOPLE, Program
from tests.sdks.programs import program
from tests.sdks.vendors import Vendors

Entries = Mapping[str, Mapping[str, Any]]


def site(programs: Mapping[str, Program]) -> Flask:
    """Return the application whose people the SDKs are told about."""
    app = Flask("shop")
    app.secret_key = "throw-away"
    results: dict[str, Any] = {}
    app.extensions["results"] = results

    @app.post("/login")
    def login() -> str:
        session["user_id"] = request.get_json()["user_id"]
        return "welcome"

    @app.post("/send/<name>")
    def send(name: str) -> str:
        person = {**request.get_json(), "id": session["user_id"]}
        results[name] = type(programs[name].send(person)).__name__
        return "sent"

    @app.post("/nothing/<name>")
    def nothing(name: str) -> str:
        programs[name].nothing()
        return "sent"

    return app


def run(name: str, entry: Mapping[str, Any], vendors: Vendors, shares: Shares | None) -> Any:
    """Let one program tell about everybody, then about nobody."""
    told: dict[str, Any] = {}
    for act in ("send", "nothing"):
        one = program(entry["family"], name)
        app = site({name: one})
        app.testing = True  # its exceptions are ours to see
        one.start()
        vendors.arrived()  # settings that an SDK fetches for itself
        if shares is not None:
            shares.clear()
        for person in PEOPLE if act == "send" else ():
            client = app.test_client()
            client.post("/login", json={"user_id": person["id"]})
            given = {key: value for key, value in person.items() if key != "id"}
            client.post(f"/send/{name}", json=given)
        if act == "nothing":
            app.test_client().post(f"/nothing/{name}")
        one.stop()
        told[act] = {
            "result": app.extensions["results"].get(name),
            "calls": [(each.host, each.method, bool(each.body)) for each in vendors.arrived()],
            "shares": [_told(share) for share in shares] if shares is not None else [],
        }
    return told


def _told(share: Share) -> dict[str, Any]:
    return {
        "owner": share.owner,
        "types": sorted(share.types),
        "evidence": {found.data_type: found.evidence for found in share.found},
        "recipient": share.recipient,
        "host": share.host,
        "destination": share.destination,
        "event_type": share.event_type,
        "outcome": share.outcome,
    }


def main(folder: Path, entries: Entries) -> dict[str, Any]:
    """Return, by program, what happened in each of the runs."""
    follow("tests")
    answers = {
        host: entry.get("answer", {}) for entry in entries.values() for host in entry["hosts"]
    }
    vendors = Vendors(answers, folder)
    told: dict[str, Any] = {name: {} for name in entries}

    def round_of(label: str, shares: Shares | None) -> None:
        for name, entry in entries.items():
            try:
                told[name][label] = run(name, entry, vendors, shares)
            except Exception:
                told[name][label] = {"failed": traceback.format_exc()}

    round_of("plain", None)
    with tracking() as shares:
        round_of("tracked", shares)
        failures = [shares.failures]
    if importlib.util.find_spec("sentry_sdk") is not None:
        import sentry_sdk

        sentry_sdk.init(None)  # with its default integrations, sending nothing
    with tracking() as shares:
        round_of("beside sentry", shares)
        failures.append(shares.failures)
    return {"programs": told, "failures": failures}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # the SDKs' own affair
    print(json.dumps(main(Path(sys.argv[1]), json.loads(sys.argv[2]))))
