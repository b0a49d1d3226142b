"""Values cut up and put together again: what stands in the payload whole was not computed."""

from __future__ import annotations

from typing import Any

import pytest

from sst_otel import semconv
from sst_otel.registry.datum import DERIVED, derive
from sst_otel.registry.identity import mark
from sst_otel.shares import Part
from tests.matching.conftest import World


def shared(world: World, data_type: str, value: Any, piece: str, text: str) -> dict[str, str]:
    """Return what is found of a text that a piece of a value went into."""
    datum = world.add("ann", data_type, value, world.scope)
    text = "".join(list(text))
    mark(text, derive((datum,), piece, "slice"), world.scope, composed=True)
    found = world.match(Part("json", {"text": text}), scope=world.scope)
    return {hit.datum.data_type: hit.evidence for hits in found.owners.values() for hit in hits}


@pytest.mark.parametrize(
    ("data_type", "value", "piece", "text"),
    [
        ("income", 412800, "12", "₹ 4,12,800 p.a."),
        ("name", "Zora Vanterpool", "ZORA", "Hello ZORA VANTERPOOL"),
        ("street_address", "9 Quay Lane", "Quay", "to 9+Quay+Lane+Cork"),
    ],
)
def test_the_value_itself_where_all_of_it_stands_there(
    data_type: str, value: Any, piece: str, text: str, world: World
) -> None:
    assert shared(world, data_type, value, piece, text) == {data_type: semconv.COMPOSED}


@pytest.mark.parametrize(
    ("value", "piece", "text"),
    [("Zora Vanterpool", "Z", "Hello Z."), ("Zora Vanterpool", "Vanter", "Hello Vanter…")],
)
def test_something_derived_where_only_pieces_do(
    value: str, piece: str, text: str, world: World
) -> None:
    assert shared(world, "name", value, piece, text)[DERIVED] == semconv.DERIVED


def test_something_derived_where_it_was_computed(world: World) -> None:
    datum = world.add("ann", "income", 4128, world.scope)
    text = "".join(list("4128 a year, 344 a month"))
    mark(text, (datum, *derive((datum,), 344, "truediv")), world.scope, composed=True)
    found = world.found(Part("json", {"text": text}), scope=world.scope)
    assert found == {"ann": {"income": semconv.COMPOSED, DERIVED: semconv.DERIVED}}
