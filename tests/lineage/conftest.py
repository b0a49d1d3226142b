from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sst_otel import guard, lineage


@pytest.fixture(autouse=True)
def _own_counts() -> Iterator[None]:
    guard.reset()
    yield
    guard.reset()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory on the path whose modules are forgotten again."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def install() -> Iterator[Callable[..., None]]:
    ended: list[Callable[[], None]] = []

    def do(packages: str = "auto", cache_dir: Path | None = None) -> None:
        ended.append(lineage.install(packages, cache_dir))

    yield do
    for end in ended:
        end()
