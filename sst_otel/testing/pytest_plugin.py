"""The pytest fixture ``shares``: ``pytest_plugins = ["sst_otel.testing.pytest_plugin"]``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sst_otel.testing.shares import Shares
from sst_otel.testing.tracking import tracking


@pytest.fixture
def shares() -> Iterator[Shares]:
    """Track what the test shares; for :func:`sst_otel.testing.assert_shares`."""
    with tracking() as found:
        yield found
