"""What an ended scope leaves to the next: values that the application still has somewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sst_otel.lifetime import awaken, end_scope, release_all
from sst_otel.registry.datum import Datum, derive
from sst_otel.registry.identity import mark
from sst_otel.registry.registry import Registry
from sst_otel.scope import Scope
from sst_otel.sources import jobs
from sst_otel.tags import Owner

ADA = Owner("ada-ref", "1")


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    release_all()
    yield
    release_all()


@pytest.fixture
def registry() -> Registry:
    return Registry(100, 3600, lambda: 0.0)


def asks_for_city(registry: Registry, basket: list[str]) -> None:
    """Be a request that has a value, and puts what ``basket`` has room for into it."""
    opened = Scope()
    value = "".join(["Reyk", "javik"])
    datum = registry.add(ADA, "city", value, "form_field:city")
    mark(value, (datum,), opened)
    shouted = value.upper()
    mark(shouted, derive((datum,), shouted, "upper"), opened)
    for position, made in enumerate((value, shouted)):
        if basket and basket[0] == str(position):
            basket[0] = made
    registry.indexes()
    end_scope(opened)


@pytest.mark.parametrize("which", ["0", "1"])
def test_what_is_kept_is_followed_from_the_first_line(registry: Registry, which: str) -> None:
    basket = [which]
    asks_for_city(registry, basket)
    later = Scope()
    awaken(later)
    assert later.live
    basket.clear()
    last = Scope()
    awaken(last)
    assert not last.live


def test_a_request_that_keeps_nothing_leaves_nothing(registry: Registry) -> None:
    asks_for_city(registry, [])
    later = Scope()
    awaken(later)
    assert not later.live


def test_a_job_finds_what_a_request_has_left(registry: Registry) -> None:
    basket = ["0"]
    asks_for_city(registry, basket)
    key = object()
    assert jobs.begin(key, "remind").live
    jobs.end(key)


def test_a_scope_without_room_stays_asleep(registry: Registry) -> None:
    basket = ["0"]
    asks_for_city(registry, basket)
    later = Scope()
    later.exhausted = "marks"
    awaken(later)
    assert not later.live


def test_a_datum_of_no_registry_is_no_sign() -> None:
    opened = Scope()
    value = "".join(["Reyk", "javik"])
    mark(value, (Datum(ADA, "city", "Reykjavik", "form_field:city"),), opened)
    del value
    end_scope(opened)
    later = Scope()
    awaken(later)
    assert not later.live
