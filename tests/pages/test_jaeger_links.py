"""What Jaeger's page links to is there."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.pages.client import STAFF, Client

CONFIG = Path(__file__).resolve().parents[2] / "collector" / "jaeger" / "ui-config.json"
FIELDS = {
    "#{traceID}": "0af7651916cd43dd8448eb211c80319c",
    "#{sst.event.id}": "019ab000-0000-7000-8000-000000000006",
}
LINKS = json.loads(CONFIG.read_text("utf-8"))["linkPatterns"]


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link["type"])
def test_a_link_leads_to_the_rows(client: Client, link: dict[str, str]) -> None:
    address = link["url"]
    for name, value in FIELDS.items():
        address = address.replace(name, value)
    parts = urlsplit(address)
    reply = client(parts.path.removeprefix("/provenance"), parts.query, **STAFF)
    assert reply.status == 200
    assert FIELDS["#{sst.event.id}"] in reply.text
