from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sst_otel.datatypes import bits, default_taxonomy
from sst_otel.datatypes.rarity import _common_words, is_common


@pytest.mark.parametrize(
    ("data_type", "value", "expected"),
    [
        ("income", 50000, 7.3),
        ("income", "50,000.00", 7.3),
        ("income", Decimal("54321"), 16.5),
        ("income", 0, 1.0),
        ("birthday", "1990-05-17", 15.0),
        ("birthday", 1990, 7.0),
        ("gender", "female", 2.0),
        ("first_name", "Ada", 4.0),
        ("first_name", "Xochitl", 11.0),
        ("name", "Ada Lovelace", 26.0),
        ("name", "Mary Brown", 14.0),
        ("last_name", "Lovelace", 16.0),
        ("city", "Wolfsburg", 14.0),
        ("phone", "+49 151 12345678", 34.0),
        ("postal_code", "94301", 16.5),
        ("postal_code", "SW1A 1AA", 17.0),
        ("email", "a@b.co", 20.0),
        ("country", "Germany", 4.0),
        ("user_id", 42, 6.6),
        ("street_address", "12 Main Street", 20.0),
        ("street_address", "Main Street", 8.0),
        ("name", "Ada Ling", 20.0),
        ("health", "fever", 4.0),
    ],
)
def test_a_value_is_worth_its_letters_and_digits(
    data_type: str, value: object, expected: float
) -> None:
    assert bits(data_type, value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        ("email", "bob@gmail.com"),
        ("phone", "2015551234"),
        ("name", "Ada Lovelace"),
        ("ip_address", "203.0.113.7"),
        ("payment_card", "4242424242424242"),
        ("street_address", "12 Lindenberger Weg"),
        ("user_id", "550e8400-e29b-41d4-a716-446655440000"),
        ("income", 1234567),
        ("health", "was treated for asthma and diabetes in the hospital of Lindenberg"),
    ],
)
def test_strong_values_are_found_by_content_alone(data_type: str, value: object) -> None:
    assert bits(data_type, value) >= 20


@pytest.mark.parametrize(
    ("data_type", "value"),
    [("age", 36), ("gender", "m"), ("income", 50000), ("country", "DE"), ("first_name", "James"),
     ("city", ""), ("language", "en-US"), ("user_id", 7), ("health", "diabetes")],
)  # fmt: skip
def test_weak_values_never_are(data_type: str, value: object) -> None:
    assert bits(data_type, value) < 12


def test_common_words_are_known_in_their_forms() -> None:
    assert all(map(is_common, ("house", "houses", "walked", "walking", "james", "friendly")))
    assert not any(map(is_common, ("lovelace", "wolfsburg", "xyz", "ing", "s")))


def test_the_word_lists_are_clean() -> None:
    words = _common_words()
    assert 2500 < len(words) < 6000
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)


@given(st.sampled_from(sorted(default_taxonomy().types)), st.text() | st.integers() | st.floats())
def test_bits_are_bounded(data_type: str, value: object) -> None:
    assert 0 <= bits(data_type, value) <= 60
