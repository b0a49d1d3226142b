"""How long a scope's values stay known, without any framework around."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from sst_otel.lifetime import (
    HELD_SCOPES,
    KEPT_SCOPES,
    KEPT_SECONDS,
    Lease,
    end_scope,
    release_all,
    sweep,
)
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, mark
from sst_otel.scope import Scope, exhausted
from sst_otel.tags import Owner

ADA = Owner("ada-ref", "1")


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    release_all()
    yield
    release_all()


def with_a_value() -> tuple[Scope, str]:
    opened = Scope()
    value = "".join(["Reyk", "javik"])
    datum = Datum(ADA, "city", value, "form_field:city")
    opened.data[datum] = None
    mark(value, (datum,), opened)
    return opened, value


def known(value: str) -> bool:
    return id(value) in IDS


class TestAnEndedScope:
    def test_forgets_after_a_while(self) -> None:
        opened, value = with_a_value()
        end_scope(opened)
        assert known(value)
        sweep(opened.ended_at + KEPT_SECONDS + 1)
        assert not known(value)
        assert not opened.data

    def test_forgets_when_many_others_ended(self) -> None:
        opened, value = with_a_value()
        end_scope(opened)
        for _ in range(KEPT_SCOPES):
            end_scope(Scope())
        assert not known(value)

    def test_knows_its_values_as_long_as_it_is_leased(self) -> None:
        opened, value = with_a_value()
        lease = Lease(opened)
        end_scope(opened)
        for _ in range(3 * KEPT_SCOPES):
            end_scope(Scope())
        sweep(opened.ended_at + 10 * KEPT_SECONDS)
        assert known(value)
        assert opened.data
        lease.end()
        sweep(opened.ended_at + 10 * KEPT_SECONDS)
        assert not known(value)

    def test_is_given_back_when_nobody_holds_its_lease(self) -> None:
        opened, value = with_a_value()
        leases = [Lease(opened), Lease(opened)]
        leases[0].end()
        leases[0].end()  # the second time nothing happens
        assert len(opened.leases) == 1
        end_scope(opened)
        leases.clear()
        gc.collect()
        sweep(opened.ended_at + KEPT_SECONDS + 1)
        assert not known(value)

    def test_is_given_up_beyond_the_budget_and_counted(self) -> None:
        before = exhausted()["scopes"]
        opened, value = with_a_value()
        leases = [Lease(opened)]
        end_scope(opened)
        for _ in range(HELD_SCOPES):
            other = Scope()
            leases.append(Lease(other))
            end_scope(other)
        assert not known(value)
        assert exhausted()["scopes"] == before + 1
        sweep(opened.ended_at + 4_000)
        assert exhausted()["scopes"] == before + 1 + HELD_SCOPES
