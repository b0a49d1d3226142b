from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.audit.outbox.receiver import StandIn, receiving


@pytest.fixture
def collector() -> Iterator[StandIn]:
    with receiving() as stand_in:
        yield stand_in
