"""What was not followed reaches the status record, and the events that it concerns."""

from __future__ import annotations

import sqlite3
import sys
from importlib import import_module
from typing import Any

import pytest
import requests

import sst_otel
from sst_otel import guard
from sst_otel.field_paths import MAX_FIELDS
from sst_otel.lineage.calls import forget_lost
from sst_otel.patching import Patches
from sst_otel.testing import follow
from tests.support import Tracking, Vendor, tracking_in

EMAIL = "ada.quillfeather@example.org"


SCOPES: Any = import_module("sst_otel.scope")  # the package's own name for it is the block
FORMER: dict[str, int] = {}
"""What scopes of other tests in this process ran out of."""


@pytest.fixture(autouse=True)
def _anew() -> None:
    forget_lost()
    FORMER.update(SCOPES.exhausted())


def counted(tracking: Tracking) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = tracking.tracker.state()["missed"]
    found.pop("taken", None)  # by the modules of other tests
    for budget, number in FORMER.items():
        if number and (found[budget][""] - number) == 0:
            del found[budget]
        elif number:
            found[budget][""] -= number
    return found


def send(vendor: Vendor, tree: Any) -> None:
    requests.post(f"{vendor.url}/contacts", json=tree, timeout=5)


def test_where_all_is_followed_nothing_is_counted(tracking: Tracking, vendor: Vendor) -> None:
    send(vendor, {"email": sst_otel.tag(EMAIL, "email", owner_id=7)})
    assert counted(tracking) == {}
    assert len(tracking.rows()) == 1


def test_payloads_that_are_not_read_to_the_end(tracking: Tracking, vendor: Vendor) -> None:
    deep: Any = "x"
    for _ in range(80):
        deep = [{"deep": deep}]
    send(vendor, {"email": sst_otel.tag(EMAIL, "email", owner_id=7), "more": deep})
    (row,) = tracking.rows()
    assert row["metadata"]["sst.unread"] == counted(tracking)["unread"][""] > 0


def test_a_request_beyond_its_budget(
    tracking: Tracking, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SCOPES, "MARKS_PER_SCOPE", 3)
    with sst_otel.scope("7"):
        for n in range(8):
            sst_otel.tag(f"{n}{EMAIL}", "email")
        send(vendor, {"email": f"0{EMAIL}"})
    assert counted(tracking) == {"marks": {"": 1}}
    (row,) = tracking.rows()
    assert row["metadata"]["sst.exhausted"] == "marks"


def test_values_forgotten_before_their_time(tmp_path: Any) -> None:
    with tracking_in(tmp_path, registry_values=10) as tracking:
        for n in range(25):
            sst_otel.tag(f"{n}{EMAIL}", "email", owner_id=n)
        assert counted(tracking)["evicted"][""] >= 10


def test_input_that_is_not_looked_at(tracking: Tracking) -> None:
    tagger, here = tracking.tracker.tagger, SCOPES.Scope()
    deep: Any = EMAIL
    for _ in range(80):
        deep = {"email": deep}
    tagger.document(deep, "json", "/", here)
    tagger.fields([(f"f{n}", "x") for n in range(MAX_FIELDS + 5)], "form_field", "/", here)
    assert counted(tracking) == {"depth": {"": 1}, "fields": {"": 1}}
    here.release()


def test_factories_of_the_application(tracking: Tracking) -> None:
    def factory(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        return sqlite3.Connection(*args, **kwargs)

    sqlite3.connect(":memory:", factory=factory).close()  # type: ignore[call-overload]
    assert counted(tracking) == {"factory": {f"{__name__}.{factory.__qualname__}": 1}}


def test_functions_that_a_library_does_not_have(tracking: Tracking) -> None:
    patches = Patches("sink.of.tests")
    patches.wrap("json", "JSONEncoder.nothing", lambda wrapped, _, args, kwargs: wrapped())
    assert counted(tracking) == {"hook": {"json:JSONEncoder.nothing": 1}}
    assert guard.error_counts() == {"sink.of.tests": 1}
    guard.reset()


def test_functions_whose_results_are_unknown(
    tracking: Tracking, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "scores_of_tests"
    (tmp_path / f"{module}.py").write_text(
        "import os\ndef told(income):\n    return os.strerror(income)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    end = follow(module)
    try:
        scores: Any = __import__(module)
        with sst_otel.scope("7"):
            scores.told(sst_otel.tag(int("73120"), "income"))
    finally:
        end()
        sys.modules.pop(module, None)
    assert counted(tracking) == {"lost": {"posix.strerror": 1}}
