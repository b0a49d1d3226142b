"""Pages and API over events whose person was erased."""

from __future__ import annotations

import pytest

from sst_otel.audit.store import Store
from sst_otel.settings import Settings
from sst_otel.tags import ERASED
from tests.pages.client import STAFF, Client
from tests.pages.sample import ADA, GRACE, START, Sample


@pytest.fixture
def erased(audit_settings: Settings, client: Client) -> Client:
    store = Store(audit_settings.database_url)
    store.erase([Sample().minter.owner(ADA).ref], START + 1800, 30)
    store.close()
    return client


def test_every_page_opens_and_names_nobody(erased: Client) -> None:
    events = erased("/api/audit-logs", **STAFF).json["audit_logs"]
    theirs = [event for event in events if event["owner_id"] is None]
    assert len(theirs) == 4
    assert {tag for event in theirs for tag in event["tag_ids"]} == {ERASED}
    pages = ["/dashboard", "/audit-logs", *(f"/shares/{one['event_id']}" for one in theirs)]
    for path in pages:
        reply = erased(path, **STAFF)
        assert reply.status == 200, path
        assert "erased person" in reply.text, path
        assert "nobody known" not in reply.text, path


def test_they_see_nothing_of_it_and_others_what_they_saw(erased: Client) -> None:
    assert erased("/api/audit-logs", person=ADA).json["audit_logs"] == []
    assert erased("/api/provenance", person=ADA).json["provenance"] == []
    assert len(erased("/api/audit-logs", person=GRACE).json["audit_logs"]) == 2
    assert erased("/dashboard", person=ADA).status == 200
