"""How the leaves of a document are called."""

from __future__ import annotations

from typing import Any

import pytest

from sst_otel.datatypes import FieldClassifier, default_taxonomy
from sst_otel.field_paths import scalars

CLASSIFIER = FieldClassifier(default_taxonomy())


@pytest.mark.parametrize(
    ("kind", "way", "data_type"),
    [
        ("type", "email", "email"),
        ("system", "Phone", "phone"),
        ("kind", "mobile", "phone"),
        ("channel", "tel", "phone"),
        ("medium", "e-mail", "email"),
    ],
)
def test_a_way_to_reach_somebody_is_called_what_it_is(kind: str, way: str, data_type: str) -> None:
    tree = {"telecom": [{kind: way, "value": "x"}]}
    (_, (path, value)) = scalars(tree)
    assert (path, value) == (f"telecom.{way.lower()}", "x")
    assert CLASSIFIER.classify(path, (), "") == data_type


@pytest.mark.parametrize(
    "tree",
    [
        {"type": "discount", "value": 5},
        {"type": ["email"], "value": 5},
        {"name": "email", "value": 5},
        {"value": 5},
    ],
)
def test_any_other_value_keeps_its_name(tree: dict[str, Any]) -> None:
    assert ("value", 5) in scalars(tree)
