"""How long a scope's values stay known, without any framework around."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from sst_otel.lifetime import (
    HELD_SCOPES,
    KEPT_SCOPES,
    KEPT_SECONDS,
    Lease,
    awaken,
    end_scope,
    release_all,
    sweep,
)
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, mark
from sst_otel.scope import DATA_PER_SCOPE, Scope, exhausted
from sst_otel.sources.recognised import _rare_texts
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

    def test_without_values_refers_to_nothing_and_counts_as_an_end(self) -> None:
        with_values, value = with_a_value()
        end_scope(with_values)
        for _ in range(KEPT_SCOPES):
            opened = Scope()
            opened.on_look = opened.on_live = lambda of=opened: None
            end_scope(opened)
            assert opened.on_look is None
            assert opened.on_live is None
        assert not known(value)

    @pytest.mark.parametrize("kept", [True, False])
    def test_awakens_the_next_only_where_the_application_kept_a_value(self, kept: bool) -> None:
        opened, value = with_a_value()
        opened.state["request"] = request = [value] * 3
        del value
        end_scope(opened)
        if not kept:
            del request
        following = Scope()
        awaken(following)
        assert following.live is kept

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


class TestALongJob:
    """Its scope never ends, while rows of ever new people come."""

    def test_keeps_the_latest_data(self) -> None:
        opened = Scope()
        data = [Datum(ADA, "age", number, "db:users.age") for number in range(DATA_PER_SCOPE + 2)]
        for datum in data:
            opened.know(datum)
        assert list(opened.data) == data[DATA_PER_SCOPE // 2 :]

    def test_is_read_anew_by_those_who_read_it_bit_by_bit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys.modules[Scope.__module__], "DATA_PER_SCOPE", 4)
        opened = Scope()
        for number in range(7):
            opened.know(Datum(ADA, "email", f"ada{number}.q@example.org", "form_field:email"))
            assert set(_rare_texts(opened)) >= {f"ada{number}.q@example.org"}
            assert len(_rare_texts(opened)) <= 4
