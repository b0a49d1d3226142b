"""The data types: ``taxonomy.yaml`` and what an installation adds to it, as frozen objects.

Terms are those of two public vocabularies, so that reports can be read beside other tools':
the Fides taxonomy (https://ethyca.github.io/fideslang/) and the W3C Data Privacy Vocabulary
(https://w3id.org/dpv/pd).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_DPV_PD = "https://w3id.org/dpv/pd#"
DEFAULT_BITS = 60.0


@dataclass(frozen=True, slots=True)
class DataType:
    """One kind of personal data."""

    name: str
    """The name in events and reports, e.g. ``birthday``."""
    fides: str
    """Key of the Fides taxonomy, e.g. ``user.demographic.date_of_birth``."""
    dpv: str
    """IRI in the Data Privacy Vocabulary."""
    sensitivity: str = "none"
    """``none`` | ``sensitive`` (CCPA) | ``special`` (Art. 9 GDPR) | ``criminal`` (Art. 10)."""
    check: str = "anything"
    """Name of the value check (:mod:`sst_otel.datatypes.checks`)."""
    form: str = "text"
    """Name of the normal form (:mod:`sst_otel.datatypes.forms`)."""
    bits: float = DEFAULT_BITS
    """The most a value of this type can be worth (log2 of its value space)."""
    fields: tuple[str, ...] = ()
    """Phrases that name the type wherever they stand."""
    bare: tuple[str, ...] = ()
    """Phrases that name it alone or after a word for a person."""
    contextual: tuple[str, ...] = ()
    """Phrases that need a personal parent, sibling or context."""
    near: str = "person"
    """Whose siblings make a contextual phrase personal: ``person``, ``address`` or ``author``."""
    loose_tail: bool = False
    """Whether unknown words may follow a phrase."""
    span: bool = True
    """Whether a phrase may reach over a segment boundary of the path."""
    keys: frozenset[str] = frozenset()
    """Short keys of outgoing payloads, lower case without separators."""
    pattern: re.Pattern[str] | None = None
    """An installation's own value check; the whole value must match."""


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All data types in force, and the words the field-name method needs."""

    types: Mapping[str, DataType]
    """By name, in the order of the file; types switched off are absent."""
    words: Mapping[str, frozenset[str]]
    """Word lists: ``personal``, ``postal``, ``impersonal``, ``deny``, … (see the YAML file)."""

    by_pattern: tuple[str, ...] = ()
    """Names of an installation's types that are recognised by their pattern alone."""

    def __contains__(self, name: object) -> bool:
        return name in self.types

    def get(self, name: str) -> DataType | None:
        """Return the type called ``name``, or None when there is none or it is off."""
        return self.types.get(name)


def load_taxonomy(overrides: Mapping[str, Any] | None = None) -> Taxonomy:
    """Return the shipped types changed by ``overrides`` (the ``data_types`` of ``sst.yaml``).

    An override is ``off`` (or ``False``) for a shipped type, or a mapping with ``fields`` (list of
    names; added to a shipped type's own) and ``pattern`` (a regular expression the whole value
    must match; it replaces a shipped type's check). A new type without ``fields`` is recognised by
    its pattern alone. Raises ``ValueError`` naming the wrong entry.
    """
    if not overrides:
        return default_taxonomy()
    shipped = default_taxonomy()
    types = dict(shipped.types)
    for name, spec in overrides.items():
        if spec is False or spec == "off":
            if types.pop(name, None) is None:
                raise ValueError(f"data type {name!r} is off but not known")
            continue
        types[name] = _extended(name, spec, types.get(name))
    by_pattern = (t.name for t in types.values() if t.pattern is not None and not t.fields)
    return Taxonomy(types=types, words=shipped.words, by_pattern=tuple(by_pattern))


@lru_cache(maxsize=1)
def default_taxonomy() -> Taxonomy:
    """Return the shipped types; parsed once a process (about 10 ms with libyaml)."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(__file__).with_name("taxonomy.yaml").read_text(encoding="utf-8")
    raw = yaml.load(text, loader)  # noqa: S506 - both are safe loaders, the C one 8 times faster
    types = {name: _shipped(name, spec) for name, spec in raw["types"].items()}
    words = {name: frozenset(items) for name, items in raw["words"].items()}
    return Taxonomy(types=types, words=words)


def _shipped(name: str, spec: Mapping[str, Any]) -> DataType:
    term = spec["dpv"]
    return DataType(
        name=name,
        fides=spec["fides"],
        dpv=term if ":" in term else _DPV_PD + term,
        sensitivity=spec.get("sensitivity", "none"),
        check=spec["check"],
        form=spec.get("form", "text"),
        bits=float(spec.get("bits", DEFAULT_BITS)),
        fields=tuple(spec.get("fields", ())),
        bare=tuple(spec.get("bare", ())),
        contextual=tuple(spec.get("contextual", ())),
        near=spec.get("near", "person"),
        loose_tail=spec.get("tail") == "any",
        span=spec.get("span", True),
        keys=frozenset(spec.get("keys", ())),
    )


def _extended(name: str, spec: Any, known: DataType | None) -> DataType:
    if not isinstance(spec, Mapping) or not set(spec) <= {"fields", "pattern"}:
        raise ValueError(f"data type {name!r} must be 'off' or have fields and pattern")
    fields = spec.get("fields") or ()
    if not isinstance(fields, (list, tuple)) or not all(isinstance(f, str) and f for f in fields):
        raise ValueError(f"data type {name!r}: fields must be a list of names")
    pattern = _compiled(name, spec.get("pattern"))
    if known is None and not fields and pattern is None:
        raise ValueError(f"data type {name!r} needs fields or a pattern")
    base = known or DataType(name=name, fides="user", dpv=_DPV_PD + "Identifying")
    changes = {slot: getattr(base, slot) for slot in DataType.__dataclass_fields__}
    changes["fields"] = base.fields + tuple(fields)
    changes["pattern"] = pattern or base.pattern
    return DataType(**changes)


def _compiled(name: str, pattern: Any) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    if not isinstance(pattern, str):
        raise ValueError(f"data type {name!r}: pattern must be a regular expression")
    try:
        return re.compile(pattern)
    except re.error:
        raise ValueError(f"data type {name!r}: pattern is not a regular expression") from None
