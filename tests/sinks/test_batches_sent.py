"""An upload with three people's rows is three events, by whoever it is sent and however."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

import sst_otel
from tests.matching.test_batches import PEOPLE, ROWS, TREES, multipart, table
from tests.support import Tracking, Vendor

EXPECTED = sorted((name, tuple(sorted(row))) for name, row in PEOPLE.items())
PHP = {f"users[{n}][{field}]": value for n, row in enumerate(ROWS) for field, value in row.items()}

CALLS: dict[str, Callable[[str], object]] = {
    "json": lambda url: requests.post(url, json={"contacts": ROWS}),
    "columns": lambda url: requests.post(url, json=TREES["columns"]),
    "header": lambda url: requests.post(url, json=TREES["header beside rows"]),
    "lines": lambda url: requests.post(url, data="\n".join(map(json.dumps, ROWS)).encode()),
    "csv": lambda url: requests.post(url, data=table().encode()),
    "form": lambda url: requests.post(url, data=PHP),
    "file": lambda url: requests.post(url, files={"f": ("people.csv", table())}),
    "multipart": lambda url: requests.post(url, data=multipart("people.csv", table())),
}


@pytest.fixture(autouse=True)
def people(tracking: Tracking) -> None:
    """Make three people known, and a member of the staff who lives in the town of two of them."""
    own: dict[str, Any] = {"email": "sue@shop.example", "city": "Bristol", "gender": "f"}
    for name, row in (("sue", own), *PEOPLE.items()):
        for data_type, value in row.items():
            sst_otel.tag(value, data_type, owner_id=name)


@pytest.mark.parametrize("name", CALLS)
def test_each_person_has_an_event_of_their_own(
    tracking: Tracking, vendor: Vendor, name: str
) -> None:
    CALLS[name](vendor.url)
    rows = tracking.rows()
    found = sorted((row["owner_id"], tuple(sorted(row["data_types"]))) for row in rows)
    assert found == EXPECTED
    assert len({row["span_id"] for row in rows}) == 1
    assert tracking.errors() == {}
