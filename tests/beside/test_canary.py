"""Forty personal values through every route, with every instrumentation: nobody is told one by us.

The exporters of OpenTelemetry send and print none of them, nor do our audit log and its pages hold
one; sentry-sdk, which sends the locals of every function that is running, finds none in ours.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from examples.demo.application import SITE
from examples.stand_in import StandIn
from sst_otel.datatypes import FieldClassifier, bits, default_taxonomy
from tests.beside.envelopes import documents, frames
from tests.beside.forty import FORTY, SOUGHT, WRONG, Codes, live
from tests.support import Vendor
from tests.system.canary import leaks, leaks_below
from tests.system.collected import Telemetry, console_of
from tests.system.launch import APPS, OTEL, Launched, launched, wait_until

SITES = {"demo": ("app", SITE, FORTY), "shop": ("shop", APPS, FORTY[2:])}
"""Module, folder and people: the second half of them takes long enough in the shop."""
UNREACHED = {400, 403, 404, 405, 415}
NOT_GONE_THROUGH = {"demo": {"/static/<path:filename>"}, "shop": {"/static/<path:filename>"}}
PAGES = ("dashboard", "audit-logs", "api/audit-logs", "api/provenance")


def test_there_are_forty_that_are_told_by_content() -> None:
    assert len({value for one in FORTY for value in one.values()}) == 40
    classifier = FieldClassifier(default_taxonomy())
    for one in FORTY:
        for name, value in one.items():
            assert bits(classifier.classify(name) or "", value) >= 20, value


@pytest.mark.stack  # a minute
@pytest.mark.parametrize("name", SITES)
def test_nobody_is_told_one_by_us(
    name: str, binaries: Path, telemetry: Telemetry, sentry: Vendor, vendor: Vendor, tmp_path: Path
) -> None:
    module, folder, people = SITES[name]
    with StandIn(tmp_path / "authority") as vendors:
        environ = {
            **vendors.environ(),
            **telemetry.environ(),
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup,database/dup,gen_ai_latest_experimental",
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_AND_EVENT",
            "OTEL_METRIC_EXPORT_INTERVAL": "5000",
            "APP": module,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'budget.db'}",
            "PYTHONPATH": os.pathsep.join([str(folder), str(APPS)]),
            "SENTRY": sentry.url,
            "SST_STAFF_TOKEN": "staff",
        }
        command = (OTEL, "flask", "--app", "monitored", "run", "--port", "{port}")
        with launched(
            *(tmp_path, vendor.url, command, environ),
            cwd=folder,
            binaries=binaries,
            health="/about",
        ) as app:
            told = _about(app)
            off = [one for one, on in told["instrumentations"].items() if not on]
            assert off == []
            assert {"sqlite3", "logging", "jinja2", "openai", "threading"} <= set(
                told["instrumentations"]
            )
            codes = [live(app, values, told["routes"]) for values in people]
            _reached_all(name, codes)
            _pages_are_clean(app)
            _wait_for_all(app, telemetry)
            stacks = _about(app)["stacks"]
        _commands_are_clean(app, binaries)
    texts = {**telemetry.texts(), "console": console_of(app.printed())}
    found = {
        **{path: leaks(b"\n".join(bodies), SOUGHT) for path, bodies in telemetry.raw().items()},
        **{
            f"{where} as text": leaks(_distinct_lines(text), SOUGHT)
            for where, text in texts.items()
        },
        "audit": leaks_below(app.audit, SOUGHT),
    }
    assert found == {where: [] for where in found}
    assert {where: "{email:tag_" in text for where, text in texts.items()} == {
        where: where != "/v1/metrics" for where in texts
    }
    assert app.ours() == []
    assert stacks["captured"] >= 20
    assert stacks["with sst_otel"] == stacks["captured"]
    _sentry_has_nothing_of_ours(sentry)


def _sentry_has_nothing_of_ours(sentry: Vendor) -> None:
    sent = list(documents(sentry))
    everything = [frame for document in sent for frame in frames(document)]
    theirs = [frame for frame in everything if not frame["module"].startswith("sst_otel")]
    assert leaks(str([frame.get("vars") for frame in theirs]).encode(), SOUGHT) != []
    assert len(theirs) > 300
    assert theirs == everything
    assert "audit_logs" not in str(sent)
    assert "sst_audit" not in str(sent)


def _distinct_lines(text: str) -> bytes:
    """Return a text without its repetitions, of which an exporter's have most."""
    return "\n".join(dict.fromkeys(text.splitlines())).encode()


def _about(app: Launched) -> dict[str, Any]:
    with app.client() as client:
        found: dict[str, Any] = client.get(f"{app.url}/about").json()
    return found


def _reached_all(name: str, people: list[Codes]) -> None:
    """Every route has done its work for everybody: of one that is new the forms must be known."""
    for codes in people:
        assert codes.pop(("POST", WRONG)) == {500}
        refused = {rule for (_, rule), found in codes.items() if found <= UNREACHED}
        assert refused == NOT_GONE_THROUGH[name]


def _pages_are_clean(app: Launched) -> None:
    with app.client() as client:
        for page in PAGES:
            answer = client.get(
                f"{app.url}/provenance/{page}", headers={"Authorization": "Bearer staff"}
            )
            assert answer.ok, page
            assert leaks(answer.content, SOUGHT) == [], page


def _commands_are_clean(app: Launched, binaries: Path) -> None:
    rows = app.rows()
    assert len(rows) > 20
    for command in (
        ("events", "--format", "json"),
        ("provenance", "--format", "json"),
        ("recipients", "--format", "json"),
        ("explain", rows[-1]["event_id"]),
        ("lineage", rows[-1]["tag_ids"][0]),
        ("doctor",),
    ):
        done = subprocess.run(
            [str(binaries / "sst-otel"), *command],
            cwd=app.folder,
            env=app.environ,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode <= (command[0] == "doctor"), (command, done.stderr)
        assert len(done.stdout) > 100
        assert leaks(done.stdout + done.stderr, SOUGHT) == [], command


def _wait_for_all(app: Launched, telemetry: Telemetry) -> None:
    """Have a last request's span come through; batches keep their order."""
    with app.client() as client:
        client.get(f"{app.url}/the-last-one")
    wait_until(lambda: any(b"/the-last-one" in body for body in telemetry.raw()["/v1/traces"]))
