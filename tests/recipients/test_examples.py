"""Every endpoint of the register, by an address as programs really call it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

import sst_otel.recipients
from sst_otel.recipients.loading import load_yaml
from sst_otel.recipients.register import Register

EXAMPLES = load_yaml(Path(__file__).with_name("examples.yaml"))
ROWS = load_yaml(Path(sst_otel.recipients.__file__).with_name("register.yaml"))
REGISTER = Register()
DOMAINS = "domains of the organisation itself"


@pytest.mark.parametrize(("url", "name", "purpose", "shown"), EXAMPLES)
def test_resolves(url: str, name: str, purpose: str, shown: str | None) -> None:
    parts = urlsplit(url)
    host = str(parts.hostname)
    found = REGISTER.lookup(host, parts.path)
    assert (found.name, found.purpose) == (name, purpose)
    if shown is not None:
        assert REGISTER.describe("POST", host, parts.path) == f"POST {host}{shown}"


def test_no_organisation_is_without_an_example() -> None:
    shown = {(name, purpose) for _, name, purpose, _ in EXAMPLES}
    known = {(row["name"], row["purpose"]) for row in ROWS if row.get("source") != DOMAINS}
    assert known - shown == set()


def test_processors_and_others_have_a_country_unless_anybody_may_host_them() -> None:
    for row in ROWS:
        self_hosted = row["role"] == "unknown" and row["host"] == "*"
        assert (row["country"] == "unknown") == self_hosted, row["name"]
