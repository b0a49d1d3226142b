"""Which keys and neighbours make a small value somebody's: an account's id, a field's value."""

from __future__ import annotations

from typing import Any

import pytest

from sst_otel import semconv
from sst_otel.lineage.small import remember
from sst_otel.registry.datum import DERIVED, derive
from sst_otel.scope import leave_scope, open_scope
from sst_otel.shares import Part
from tests.matching.conftest import ANN, World

MAIL = {"mail": ANN["email"]}
AGE = Part("json", {"age": 34})


@pytest.fixture
def known(world: World) -> World:
    """Ann is account 1, and her row was loaded."""
    world.add("ann", "user_id", 1, world.scope)
    world.add("bea", "user_id", 2, world.scope)
    world.add("ann", "city", "Boston", world.scope)
    return world


def found(world: World, tree: Any) -> dict[str, str]:
    return world.found(Part("json", tree), scope=world.scope).get("ann", {})


class TestAnAccountsId:
    @pytest.mark.parametrize(
        "tree",
        [
            {"customer": {"id": 1, **MAIL}},
            {"users": [{"id": "1", **MAIL}]},
            {"customer_ref": 1, **MAIL},
            {"customerNo": "1", **MAIL},
            {"sub": "1", **MAIL},
            {"member": 1, **MAIL},
            {"insured": 1, **MAIL},
            {"X-User": "1", **MAIL},
            {"our_customer": 1, **MAIL},
            {"metadata": {"djpay_subscriber": "1"}, **MAIL},
        ],
    )
    def test_counts_beside_what_is_certain(self, tree: Any, known: World) -> None:
        assert found(known, tree)["user_id"] == semconv.FIELD

    @pytest.mark.parametrize(
        "tree",
        [
            {"customer": {"id": 1}},
            {"member": 1},
            {"order": {"id": 1, **MAIL}},
            {"id": 1, **MAIL},
            {"quantity": 1, **MAIL},
            {"customer_count": 1, **MAIL},
            {"max_member": 1, **MAIL},
            {"is_member": 1, **MAIL},
            {"subscriber_type": 1, **MAIL},
            {"user_orders": 1, **MAIL},
            {"customer": {"id": 2, **MAIL}},
        ],
    )
    def test_is_not_any_number_that_is_equal(self, tree: Any, known: World) -> None:
        assert "user_id" not in found(known, tree)

    def test_is_only_what_the_application_knows_the_person_by(self, known: World) -> None:
        known.add("ann", "user_id", 7, known.scope)  # the member number of a club, say
        assert "user_id" not in found(known, {"member": 7, **MAIL})


class TestAFieldThatIsAnObject:
    @pytest.mark.parametrize("name", ["name", "property", "key", "field"])
    def test_is_called_what_stands_beside_its_value(self, name: str, known: World) -> None:
        fields = [{name: "city", "value": "Boston"}, {name: "plan", "value": "gold"}]
        assert found(known, {"properties": fields})["city"] == semconv.FIELD

    def test_is_nothing_under_another_name(self, known: World) -> None:
        assert found(known, {"properties": [{"name": "theme", "value": "Boston"}]}) == {}


def test_a_small_number_that_other_programs_share_is_read_too(world: World) -> None:
    """What was computed leaves a sign in the identity table, which is not its mark."""
    birthday = world.add("ann", "birthday", ANN["birthday"], world.scope)
    token = open_scope(world.scope)
    try:
        remember(34, derive((birthday,), 34, "floordiv"))
        match = world.matcher.match([Part("body", b'{"age": 34}')], world.scope, [AGE])
    finally:
        leave_scope(token)
    found = {hit.datum.data_type for hits in match.owners.values() for hit in hits}
    assert found == {"birthday", DERIVED}
