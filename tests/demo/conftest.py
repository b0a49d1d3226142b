import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.stand_in import StandIn

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A running stand-in that this process's clients are put behind by environment alone."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with StandIn(tmp_path / "authority") as running:
        for name, value in running.environ().items():
            monkeypatch.setenv(name, value)
        yield running
