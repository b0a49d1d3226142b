"""Why a datum was reported, in words: made of what the event's metadata keeps in ``why``.

The matcher only notes constants (:mod:`sst_otel.matching.rules`), the sentences are made here, by
whoever shows an event. No values: an event holds none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sst_otel import semconv
from sst_otel.matching import rules
from sst_otel.matching.weak import WEAK_BITS
from sst_otel.registry.datum import STRONG_BITS

WHY = "why"
"""The key of an event's metadata: one mapping a finding, ``{"rule", "bits", "key"}``."""

_NAME_PARTS = ("first_name", "last_name")
_BY_EVIDENCE = {
    semconv.EXACT: "it stands in the payload as it came in",
    semconv.NORMALIZED: "it stands in the payload, written in another way",
    semconv.ENCODED: "it stands in the payload once that is decoded",
    semconv.HASHED: rules.SENTENCES[rules.DIGEST],
    semconv.DERIVED: rules.SENTENCES[rules.COMPUTED],
    semconv.COMPOSED: rules.SENTENCES[rules.COMPOSED],
    semconv.FIELD: rules.SENTENCES[rules.KEY],
}
_STEPS = {
    "add": "add",
    "and_": "and",
    "contains": "look for",
    "floordiv": "divide, rounded down",
    "getitem": "take a part",
    "iadd": "add",
    "lshift": "shift",
    "mod": "remainder",
    "mul": "multiply",
    "neg": "negate",
    "pow": "raise to a power",
    "rshift": "shift",
    "slice": "take a part",
    "sub": "subtract",
    "truediv": "divide",
}
"""Operators by what they are called in arithmetic; functions keep their own names."""


def reasons(metadata: Mapping[str, Any], count: int) -> list[Mapping[str, Any]]:
    """Return the ``why`` of each of ``count`` findings; empty mappings where it is not recorded.

    What an older version or another sender wrote may have none, or one of another shape.
    """
    noted = metadata.get(WHY)
    if not isinstance(noted, Sequence) or isinstance(noted, str) or len(noted) != count:
        return [{}] * count
    return [one if isinstance(one, Mapping) else {} for one in noted]


def sentence(reason: Mapping[str, Any], evidence: str) -> str:
    """Return which rule found a datum, without a capital or a full stop."""
    rule = reason.get("rule")
    if not isinstance(rule, str):
        return _BY_EVIDENCE.get(evidence, f"the payload shows it ({evidence})")
    said = rules.SENTENCES.get(rule, f"the rule '{rule}' found it")
    key = reason.get("key")
    return f"{said}: {key}" if rule in rules.NAMED and isinstance(key, str) and key else said


def rarity(reason: Mapping[str, Any], data_type: str) -> str:
    """Return how the value's bits compare with what its rule asks for; ``""`` where none count."""
    rule, bits = reason.get("rule"), reason.get("bits")
    if rule in rules.BY_OBJECT:
        return "Followed as an object through the program, so it need not be rare."
    if isinstance(bits, bool) or not isinstance(bits, (int, float)):
        return ""
    has = f"The value has {bits:g} bits"
    if rule in rules.BY_CONTENT:
        if bits < STRONG_BITS and data_type in _NAME_PARTS:
            return f"{has}; first and last name stand together, which makes {STRONG_BITS:g}."
        return f"{has}; from {STRONG_BITS:g} the text alone tells it."
    if rule in rules.BY_COMPANY:
        return (
            f"{has}: too common to be told alone ({STRONG_BITS:g}), enough there ({WEAK_BITS:g})."
        )
    if rule in rules.NAMED:
        return f"{has}: too common to be told alone ({STRONG_BITS:g}); the key decides."
    return f"{has}."


def steps(transformations: Sequence[str]) -> str:
    """Return the operations that made a value, in order: ``subtract, divide, round``."""
    return ", ".join(_STEPS.get(name, name) for name in transformations)
