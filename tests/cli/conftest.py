from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sst_otel import guard
from sst_otel.settings import Settings
from tests.pages.sample import STAFF_TOKEN, Sample, settings_in, store


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Leave no setting of the machine, and stand in a directory of the test's own."""
    import os

    for name in list(os.environ):
        if name.startswith(("SST_", "OTEL_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    logging.getLogger("sst_otel").propagate = True
    guard.reset()
    yield
    guard.reset()


def use(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Set the environment to ``settings``."""
    assert settings.key is not None
    monkeypatch.setenv("SST_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("SST_SPOOL_DIR", str(settings.spool_dir))
    monkeypatch.setenv("SST_KEY", settings.key)
    monkeypatch.setenv("SST_STAFF_TOKEN", STAFF_TOKEN)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Return settings in effect for a store with the shares of :mod:`tests.pages.sample`."""
    settings = settings_in(tmp_path)
    store(settings, Sample().events())
    use(monkeypatch, settings)
    return settings
