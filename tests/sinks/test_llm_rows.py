"""Every row of the table of language models' SDKs is called: whatever it takes, it is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

import sst_otel
from sst_otel.sinks.llm_sdks import SDKS
from tests.sinks.llm_fixtures import MAIL
from tests.sinks.llm_rows import Bench, Row, rows
from tests.sinks.llm_vendor import LLMVendor
from tests.support import Tracking

ROWS = list(rows())
REFUSED = frozenset({"tabular_regression"})
"""What no vendor of this version of Hugging Face's SDK does."""


def name(row: Row) -> str:
    return f"{row.sdk}: {row.module}.{row.owner}.{row.method}"


@pytest.fixture(scope="module")
def bench(server: LLMVendor) -> Iterator[Bench]:
    made = Bench(server.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def events(tracked: Tracking) -> list[dict[str, Any]]:
    """The events of the whole table: reading all rows after each call takes minutes."""
    told: list[dict[str, Any]] = []
    sst_otel.set_storage_callback(told.append)
    return told


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.filterwarnings("ignore::google.genai._common.ExperimentalWarning")
@pytest.mark.parametrize("row", [row for row in ROWS if row.operation not in REFUSED], ids=name)
def test_each_is_one_event_named_by_its_operation(
    row: Row, bench: Bench, events: list[dict[str, Any]], server: LLMVendor
) -> None:
    events.clear()
    received = len(server.received)
    bench.call(row)
    (told,) = events
    assert told["destination"] == f"{row.sdk}/127.0.0.1:{row.operation}"
    assert told["data_types"] == ["email"]
    arrived = server.received[received:]
    assert any(MAIL in unquote(path) or MAIL.encode() in body for path, body in arrived)


@pytest.mark.parametrize("row", [row for row in ROWS if row.operation in REFUSED], ids=name)
def test_what_the_sdk_refuses_was_not_sent(
    row: Row, bench: Bench, events: list[dict[str, Any]]
) -> None:
    events.clear()
    with pytest.raises(ValueError, match="not supported"):
        bench.call(row)
    assert events == []


def test_all_sdks_are_called() -> None:
    elsewhere = {"LiteLLM"}  # has packages of its own: tests/sdks/inside
    assert {row.sdk for row in ROWS} == {sdk.name for sdk in SDKS} - elsewhere
    assert len(ROWS) > 300
