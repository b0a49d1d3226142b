"""Whose a database is."""

from __future__ import annotations

import pytest

from sst_otel.sinks.ownership import Ownership, Server


@pytest.mark.parametrize(
    "host", ["", "/run/postgresql", "@abstract", "localhost", "127.0.0.9", "::1"]
)
def test_this_machine_is_the_applications(host: str) -> None:
    assert Ownership((), ()).is_own(Server("postgresql", host))


def test_the_first_of_a_kind_is_the_main_one() -> None:
    ownership = Ownership((), ())
    main, other = Server("postgresql", "db.example"), Server("postgresql", "warehouse.example")
    assert not ownership.is_own(main)
    ownership.connected(Server("postgresql", "localhost"))
    ownership.connected(main)
    ownership.connected(other)
    ownership.connected(Server("mongodb", "documents.example"))
    assert ownership.is_own(main)
    assert not ownership.is_own(other)
    assert ownership.is_own(Server("mongodb", "documents.example"))


def test_the_broker_of_tasks_takes_no_place_from_the_cache() -> None:
    ownership = Ownership((), ())
    broker, cache = Server("redis", "broker.example"), Server("redis", "cache.example")
    ownership.connected(broker, for_tasks=True)
    ownership.connected(cache)
    ownership.connected(Server("redis", "partner.example"))
    assert ownership.is_own(broker)
    assert ownership.is_own(cache)
    assert not ownership.is_own(Server("redis", "partner.example"))


def test_brokers_have_no_main_one() -> None:
    ownership = Ownership((), ())
    ownership.connected(Server("kafka", "broker.example"))
    assert not ownership.is_own(Server("kafka", "broker.example"))


@pytest.mark.parametrize(
    "pattern", ["*.corp.example", "db.corp.example:5433", "db.corp.example/app"]
)
def test_the_setting_decides(pattern: str) -> None:
    ownership = Ownership((pattern,), ())
    named = Server("postgresql", "db.corp.example", 5433, "app")
    other = Server("postgresql", "db.example", 5433, "app")
    ownership.connected(other)
    assert ownership.is_own(named)
    assert not ownership.is_own(other)
    assert Ownership((), ("db.*",)).is_own(other)
