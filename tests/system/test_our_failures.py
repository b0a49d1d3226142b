"""Each of our entry points raises: the shop answers as before, we say so without a value."""

from __future__ import annotations

import contextvars
import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import sst_otel
from sst_otel import guard, tracker
from sst_otel.lifetime import release_all
from sst_otel.registry.identity import IDS
from tests.support import Vendor, vendor_server
from tests.system.canary import CANARY, leaks, needles
from tests.system.launch import APPS

SOUGHT = needles()
HIDDEN = f"failed on {CANARY.email}"
"""What every forced failure says, as a careless library would."""
FORM = CANARY.form()


class Bang(Exception):
    """Raised by whatever is made to fail."""


def bang(*_: Any, **__: Any) -> Any:
    raise Bang(HIDDEN)


def no_disk(*_: Any, **__: Any) -> Any:
    raise OSError(28, "No space left on device", CANARY.email)


BROKEN: dict[str, Callable[[], tuple[Any, str, Any]]] = {
    # registry, matcher, tagger
    "registry.add": lambda: (_running().registry, "add", bang),
    "registry.indexes": lambda: (_running().registry, "indexes", bang),
    "registry.of_owner": lambda: (_running().registry, "of_owner", bang),
    "registry.reassign": lambda: (_running().registry, "reassign", bang),
    "matcher.match": lambda: (_running().emit._matcher, "match", bang),
    "tagger.value": lambda: (_running().tagger, "value", bang),
    "tagger.fields": lambda: (_running().tagger, "fields", bang),
    "tagger.document": lambda: (_running().tagger, "document", bang),
    "tagger.scope_owner": lambda: (_running().tagger, "scope_owner", bang),
    "tagger.settle": lambda: (_running().tagger, "settle", bang),
    "tagger.become": lambda: (_running().tagger, "become", bang),
    "tagger.collect": lambda: (_running().tagger, "collect", bang),
    "tagger.tag": lambda: (_running().tagger, "tag", bang),
    "tagger.sealed": lambda: (_running().tagger, "sealed", bang),
    "tagger.owner": lambda: (_running().tagger, "owner", bang),
    "classify": lambda: (_running().tagger.classifier, "classify", bang),
    "classify_value": lambda: (_module("sst_otel.fields"), "classify_value", bang),
    "fields meant": lambda: (_module("sst_otel.fields"), "read", bang),
    "mark": lambda: (_module("sst_otel.tagging"), "mark", bang),
    "normalise": lambda: (_module("sst_otel.tagging"), "normalise", bang),
    # what a call becomes
    "events": lambda: (_running().emit, "_events", bang),
    "findings": lambda: (_running().emit, "_findings", bang),
    "code_location": lambda: (_module("sst_otel.sinks.outgoing"), "code_location", bang),
    "event id": lambda: (_module("sst_otel.sinks.outgoing"), "new_event_id", bang),
    "register.lookup": lambda: (_running().emit, "_lookup", bang),
    "register.describe": lambda: (_running().emit, "_describe", bang),
    "telemetry.ids": lambda: (_running().emit._telemetry, "ids", bang),
    "telemetry.announce": lambda: (_running().emit._telemetry, "announce", bang),
    "telemetry.finish": lambda: (_running().emit._telemetry, "finish", bang),
    "audit.share": lambda: (_running().audit, "share", bang),
    "audit.tag": lambda: (_running().audit, "tag", bang),
    "audit.alias": lambda: (_running().audit, "alias", bang),
    "audit.outcome": lambda: (_running().audit, "outcome", bang),
    "journal.append": lambda: (_running().audit._journal, "append", no_disk),
    "journal.open": lambda: (_running().audit._journal, "_open", no_disk),
    "os.write": lambda: (_module("sst_otel.audit.outbox.journal").os, "write", no_disk),
    "share record": lambda: (_module("sst_otel.audit.log"), "share_record", bang),
    "storage callback": lambda: (_running().emit, "callback", bang),
    # scope
    "scope": lambda: (_module("sst_otel.sources.web"), "Scope", bang),
    "open_scope": lambda: (_module("sst_otel.sources.web_calls"), "open_scope", bang),
    "leave_scope": lambda: (_module("sst_otel.sources.web"), "leave_scope", bang),
    "end_scope": lambda: (_module("sst_otel.sources.web"), "end_scope", bang),
    "hold": lambda: (_module("sst_otel.scope").Scope, "hold", bang),
    "known_owner": lambda: (_module("sst_otel.scope").Scope, "known_owner", bang),
    "owner rules": lambda: (_module("sst_otel.sources.web"), "request_owner_id", bang),
    "on_look": lambda: (_module("sst_otel.sources.web"), "_personal_headers", bang),
    "on_live": lambda: (_module("sst_otel.sources.web"), "account_ids", bang),
    "form_of": lambda: (_module("sst_otel.sources.flask"), "_form_of", bang),
    "current_scope of sinks": lambda: (_module("sst_otel.sinks.outgoing"), "current_scope", bang),
    "is_suppressed": lambda: (_module("sst_otel.sinks.outgoing"), "is_suppressed", bang),
    # sources and sinks
    "table plan": lambda: (_module("sst_otel.sources.people").People, "plan", bang),
    "plausible": lambda: (_module("sst_otel.sources.cells"), "plausible", bang),
    "idle": lambda: (_module("sst_otel.sinks.outgoing").Outgoing, "idle", bang),
    "later": lambda: (_module("sst_otel.sinks.outgoing").Outgoing, "later", bang),
    "share.write": lambda: (_module("sst_otel.sinks.share").Share, "write", bang),
    "share.part": lambda: (_module("sst_otel.sinks.share"), "MAX_STREAMED", None),
    "share.done": lambda: (_module("sst_otel.sinks.share").Share, "done", bang),
    "share.failed": lambda: (_module("sst_otel.sinks.share").Share, "failed", bang),
    "enter_layer": lambda: (_module("sst_otel.sinks.wrapping"), "enter_layer", bang),
    "leave_layer": lambda: (_module("sst_otel.sinks.wrapping"), "leave_layer", bang),
    "current_layer": lambda: (_module("sst_otel.sinks.outgoing"), "current_layer", bang),
    "rows": lambda: (_module("sst_otel.sinks.sqlalchemy"), "_written", bang),
    "open span": lambda: (_module("sst_otel.sinks.sqlalchemy"), "_open_span", bang),
    "leaves": lambda: (_module("sst_otel.matching.payload").Leaves, "add_part", bang),
    "phrase": lambda: (_module("sst_otel.matching.hits"), "phrase", bang),
    # lineage
    "marked": lambda: (_module("sst_otel.matching.payload"), "marked", bang),
    "computed": lambda: (_module("sst_otel.lineage.marks"), "compute", bang),
    "composed": lambda: (_module("sst_otel.lineage.marks"), "compose", bang),
    "scanned": lambda: (_module("sst_otel.lineage.functions.rules"), "scan_all", bang),
}
"""What is made to raise: gives (object, attribute, replacement) once tracking runs."""


def _running() -> Any:
    running = tracker.running()
    assert running is not None
    return running


def _module(name: str) -> Any:
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with vendor_server() as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The shop in this process, tracked, its code rewritten, over a database of its own."""
    guard.reset()
    sst_otel.start_tracking(
        database_url=f"sqlite:///{tmp_path / 'audit.db'}",
        key="k" * 32,
        lineage="shop_in_process",
    )
    yield load_shop(tmp_path, vendor, monkeypatch)
    sst_otel.stop_tracking()


def load_shop(folder: Path, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("VENDOR", vendor.url)
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{folder / 'shop.db'}")
    source = (APPS / "shop.py").read_text()
    (folder / "shop_in_process.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "shop_in_process", raising=False)
    return importlib.import_module("shop_in_process")


def session_of(shop: Any, vendor: Vendor) -> list[tuple[int, dict[str, str], bytes]]:
    """Use the shop in a context of its own: a scope that cannot be left ends with it."""
    return contextvars.copy_context().run(_session, shop, vendor)


def _session(shop: Any, vendor: Vendor) -> list[tuple[int, dict[str, str], bytes]]:
    """Use every view of the shop once; return the answers and what the vendor got."""
    vendor.received.clear()
    client = shop.app.test_client()
    answers = []

    def keep(answer: Any) -> None:
        headers = {k: v for k, v in answer.headers if k not in ("Date", "Set-Cookie")}
        answers.append((answer.status_code, headers, answer.get_data()))

    keep(client.post("/signup", data=FORM))
    keep(client.post("/login", data=FORM, headers={"X-Forwarded-For": "93.184.216.34"}))
    for path in ("/me", "/export", "/greeting?name=Zephyrine", "/item/7", "/nowhere", "/boom"):
        keep(client.get(path))
    keep(client.post("/advice", data={"saved": "5000"}))
    for path in ("/conversion", "/contact", "/lookup", "/keyed", "/vendor-down", "/stream-out"):
        keep(client.post(path, data=FORM))
    for path in ("/odd-body", "/false-gzip", "/broken-insert", "/raw", "/signup", "/forward"):
        keep(client.post(path, data=FORM))
    keep(client.post("/move", data={"city": "Gera"}))
    keep(client.post("/orders", json={"item": "hat", "contact": {"email": CANARY.email}}))
    keep(client.post("/people", json={CANARY.email: {"phone": CANARY.phone}}))
    keep(client.get("/provenance/dashboard"))
    for resource in (shop.crm, shop.llm):
        resource.close()
    shop.engine.dispose()
    # A request that was given up arrives whenever the vendor notices.
    got = [call for call in vendor.received if call[1] != "/odd"]
    return answers + [(0, {path: verb}, body) for verb, path, body in got]


@pytest.fixture(scope="module")
def expected(
    tmp_path_factory: pytest.TempPathFactory, vendor: Vendor
) -> list[tuple[int, dict[str, str], bytes]]:
    """The same session without any of us."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        shop = load_shop(tmp_path_factory.mktemp("plain"), vendor, monkeypatch)
        return session_of(shop, vendor)


def same(
    answers: list[tuple[int, dict[str, str], bytes]],
    expected: list[tuple[int, dict[str, str], bytes]],
) -> None:
    pages = 24  # our own page, which is not there without us
    assert answers[pages][0] in (200, 401, 404, 503)
    assert answers[:pages] + answers[pages + 1 :] == expected[:pages] + expected[pages + 1 :]


def test_without_a_failure(shop: Any, vendor: Vendor, expected: Any) -> None:
    same(session_of(shop, vendor), expected)
    assert guard.error_counts() == {}


@pytest.mark.parametrize("name", BROKEN)
def test_a_failure_of_ours(
    name: str,
    shop: Any,
    vendor: Vendor,
    expected: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    holder, attribute, replacement = BROKEN[name]()
    assert hasattr(holder, attribute)
    with monkeypatch.context() as broken, caplog.at_level(logging.DEBUG, "sst_otel"):
        broken.setattr(holder, attribute, replacement)
        answers = session_of(shop, vendor)
    same(answers, expected)
    counts = guard.error_counts()
    assert sum(counts.values()) >= 1
    release_all()
    assert bool(IDS) == (name == "end_scope")  # whatever fails, memory is given back
    IDS.clear()
    ours = [record for record in caplog.records if record.name == "sst_otel"]
    assert 1 <= len(ours) == len({record.getMessage() for record in ours})
    for record in ours:
        assert leaks(record.getMessage().encode(), SOUGHT) == []
        assert record.exc_info is None
