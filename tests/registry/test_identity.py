"""The identity table: exact, bounded, gone with its scope."""

from __future__ import annotations

import pytest

from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, mark, marked
from sst_otel.scope import MARKS_PER_SCOPE, Scope
from sst_otel.tags import Minter

OWNER = Minter(b"k" * 32).owner("1")


def datum(value: object) -> Datum:
    return Datum(OWNER, "name", value, "test")


def fresh(number: int) -> str:
    return f"value {number}"


class TestMarks:
    """Only objects that are nobody else's are marked."""

    @pytest.mark.parametrize("shared", [1, 256, -5, True, None, "", "x", b"x", (), []])
    def test_shared_objects_and_containers_never_enter(self, shared: object) -> None:
        mark(shared, (datum(shared),), Scope())
        assert marked(shared) is None

    def test_addresses_are_not_confused(self) -> None:
        scope = Scope()
        for number in range(2_000):
            mark(fresh(number), (datum(number),), scope)
        clean = [fresh(number) for number in range(4_000)]
        assert not any(marked(text) for text in clean)
        scope.release()

    def test_marks_go_with_their_scope(self) -> None:
        scope, other = Scope(), Scope()
        kept, gone = fresh(1), fresh(2)
        mark(kept, (datum(1),), scope)
        mark(gone, (datum(2),), scope)
        mark(kept, (datum(3),), other)
        before = len(IDS)
        scope.release()
        assert marked(gone) is None
        assert marked(kept) is not None
        assert len(IDS) == before - 1
        other.release()

    def test_an_object_that_two_people_share_is_nobodys(self) -> None:
        scope = Scope()
        shared = fresh(1)
        for number in range(3):
            owner = Minter(b"k" * 32).owner(str(number))
            mark(shared, (Datum(owner, "gender", shared, "test"),), scope)
            assert (marked(shared) is not None) == (number == 0)
        scope.release()

    def test_the_budget_drops_and_counts(self) -> None:
        scope = Scope()
        texts = [fresh(number) for number in range(MARKS_PER_SCOPE + 10)]
        for text in texts:
            mark(text, (datum(text),), scope)
        assert scope.dropped == 10
        scope.release()
