"""Numbers among the texts of a payload are looked for where they stand."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sst_otel.matching.texts import Texts
from sst_otel.shares import Part

from .conftest import World

TEXTS = st.lists(
    st.text(st.sampled_from("0123456789 .-+ab\né"), max_size=12)
    | st.text(st.sampled_from("0123456789"), min_size=5, max_size=9),
    max_size=6,
)


@given(TEXTS)
def test_every_text_with_enough_digits(texts: list[str]) -> None:
    places = Texts(texts).places_of_digits(5)
    for number, text in enumerate(texts):
        if text.isdigit() and len(text) >= 5:
            assert number in places


def test_the_same_number_of_two_people_without_separators(world: World) -> None:
    rows = [{"n": "x", "sms": "12015550123", "t": "y"}, {"n": "x", "sms": "4930901820", "t": "y"}]
    found = world.found(Part("body", json.dumps({"rows": rows})))
    assert found == {"ann": {"phone": "normalized"}, "bea": {"phone": "normalized"}}
