"""Fixtures of all tests of language models: the loopback vendor, and tracking for a whole file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sst_otel
from tests.sinks.llm_vendor import LLMVendor, llm_vendor
from tests.support import Tracking, tracking_in

MAIL = "ann.keller@example.com"


@pytest.fixture(scope="module")
def server() -> Iterator[LLMVendor]:
    with llm_vendor() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    """Tracking for a whole table: each call adds rows to what is there."""
    with tracking_in(tmp_path_factory.mktemp("llm")) as tracking:
        sst_otel.tag(MAIL, "email", owner_id="1")
        yield tracking
        assert tracking.errors() == {}
