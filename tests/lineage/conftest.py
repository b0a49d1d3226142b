from __future__ import annotations

from collections.abc import Iterator

import pytest

from sst_otel import guard


@pytest.fixture(autouse=True)
def _own_counts() -> Iterator[None]:
    guard.reset()
    yield
    guard.reset()
