from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sst_otel import guard
from sst_otel.audit import open_reader
from sst_otel.pages.application import PagesApp
from sst_otel.pages.reading import ReaderFactory
from sst_otel.settings import Settings
from tests.pages.client import Client
from tests.pages.sample import KEYS, START, Sample, settings_in, store


@pytest.fixture(autouse=True)
def _nothing_said() -> Iterator[None]:
    guard.reset()
    yield
    guard.reset()


@dataclass
class Clock:
    at: float = START + 3600

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pages(reader_factory: ReaderFactory, audit_settings: Settings, clock: Clock) -> PagesApp:
    return PagesApp(
        reader_factory, KEYS, audit_settings, lambda environ: environ.get("test.person"), now=clock
    )


@pytest.fixture
def client(pages: PagesApp) -> Client:
    return Client(pages)


@pytest.fixture
def audit_settings(tmp_path: Path) -> Settings:
    """Return settings of an audit store with the shares of :mod:`tests.pages.sample`."""
    settings = settings_in(tmp_path)
    store(settings, Sample().events())
    return settings


@pytest.fixture
def reader_factory(audit_settings: Settings) -> ReaderFactory:
    return lambda: open_reader(audit_settings, KEYS)
