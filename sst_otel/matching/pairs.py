"""Fields that are objects: ``{"property": "city", "value": "Reading"}``.

Contact stores, form builders and event interfaces take a person's fields as a list of such pairs
(HubSpot's ``properties``, Zendesk's ``custom_fields``, FHIR's ``telecom``); what the value is
called stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sst_otel.registry.identity import IDS, Mark, marked

_NAMES = ("name", "key", "property", "field", "attribute", "label", "title", "code", "id", "type")
_LONGEST_NAME = 40
_MOST_MEMBERS = 5
_COUNTED_BY = frozenset(
    {
        *("country", "region", "city", "postal_code", "nationality", "language"),
        *("gender", "age", "marital_status", "job", "employer", "education"),
    }
)
"""Types by whose values people are counted."""


def pair_name(pair: dict[Any, Any]) -> str:
    """Return what the ``value`` of an object is called by its other members; empty for nothing.

    Reads by the dictionary's own methods, and only texts.
    """
    if dict.__len__(pair) > _MOST_MEMBERS:
        return ""
    for key in _NAMES:
        name = dict.get(pair, key)
        if type(name) is str and 0 < len(name) <= _LONGEST_NAME:
            return name
    return ""


def _is_group(mark: Mark) -> bool:
    """Whether people are counted by such a value: ``{"NL": 12, "DE": 3}`` is about nobody."""
    return all([datum.data_type in _COUNTED_BY for datum in mark.data])


def items_of(value: dict[Any, Any]) -> Iterator[tuple[str, Any, Mark | None]]:
    """Yield the items of an object whose keys are names or numbers, and what is known of a key."""
    for name, item in dict.items(value):  # a subclass's own items() is application code
        if issubclass(type(name), str):
            # A plain one: SQLAlchemy's column names are subclasses.
            mark = marked(name) if id(name) in IDS else None
            if mark is not None and type(item) is int and _is_group(mark):
                mark = None
            yield str.__str__(name), item, mark
        elif type(name) in (int, float):
            yield repr(name), item, marked(name)
