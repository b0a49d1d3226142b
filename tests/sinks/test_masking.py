"""Keys of a payload that are a person's own words are not written down."""

from __future__ import annotations

import pytest

from sst_otel.sinks.masking import mask_path, own_words

VALUES = ["Zephyrine", "zeph@example.com", 50000, "M", None, "Bad Elster"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("json.Zephyrine.phone", "json.{key}.phone"),
        ("json.people[0].zephyrine", "json.people[0].{key}"),
        ("body.note_ZEPHYRINE[3].m", "body.{key}[3].m"),
        ("json.Bad Elster.city", "json.{key}.city"),
        ("json.user_data.em[0]", "json.user_data.em[0]"),
        ("users.email", "users.email"),
        ("header:User-Agent", "header:User-Agent"),
        ("", ""),
    ],
)
def test_mask_path(path: str, shown: str) -> None:
    assert mask_path(path, own_words(VALUES)) == shown
