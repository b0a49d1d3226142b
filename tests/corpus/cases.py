"""The entries of the corpus: programs, and what of whom they share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.corpus.people import ROLES, TYPES

FOLDER = Path(__file__).with_name("cases")
DERIVED = "derived"
UNKNOWN = "unknown"
VIAS = ("form", "json", "query", "headers", "cookies", "path", "none")
EVIDENCE = ("exact", "normalized", "encoded", "hashed", "derived", "composed", "field")
_KEYS = frozenset(
    {"id", "code", "above", "before", "by", "restart", "via", "extra", "sends", "mask", "note"}
    | {"types", "other", "third", "unknown", "implicit", "evidence"}
)


@dataclass(frozen=True)
class Case:
    """One program of the corpus, as ``README.md`` describes its keys."""

    category: str
    id: str
    code: str
    above: str
    before: str
    by: str
    restart: bool
    via: str
    extra: dict[str, str]
    sends: int
    mask: str
    expected: dict[str, tuple[frozenset[str], frozenset[str]]]
    """Role (or ``unknown``) → (types that are shared, types that may be named as well)."""
    implicit: frozenset[str]
    """Types whose change may change the payload although nothing of them is in it."""
    evidence: frozenset[str]
    """Acceptable evidence; empty = any."""

    @property
    def name(self) -> str:
        """The id that is unique in the whole corpus."""
        return f"{self.category}/{self.id}"

    @property
    def is_control(self) -> bool:
        return not self.expected

    @cached_property
    def required(self) -> frozenset[str]:
        """Types that are shared, whosever they are."""
        return frozenset().union(*(types for types, _ in self.expected.values()))

    @cached_property
    def allowed(self) -> frozenset[str]:
        """Types that may be named, the required ones included."""
        return self.required.union(*(more for _, more in self.expected.values()))


def load_cases() -> list[Case]:
    """Read all files of ``cases/``; a wrong entry raises ``ValueError`` with its name."""
    cases = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            try:
                cases.append(_read(path.name.partition(".")[0], entry))
            except (KeyError, ValueError) as error:
                raise ValueError(f"{path.name}, {entry.get('id')}: {error}") from None
    return cases


def _read(category: str, entry: dict[str, Any]) -> Case:
    unknown = set(entry) - _KEYS
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    expected = {}
    for role in (*ROLES, UNKNOWN):
        listed = _words(entry, "types" if role == "self" else role)
        if listed:
            required = frozenset(name for name in listed if not name.endswith("?"))
            optional = frozenset(name[:-1] for name in listed if name.endswith("?"))
            _check(required | optional, {*TYPES.values(), DERIVED})
            expected[role] = (required, optional)
    via, by = entry.get("via", "form"), entry.get("by", "self")
    _check({via}, set(VIAS))
    _check({by}, set(ROLES))
    implicit = frozenset(_words(entry, "implicit"))
    _check(implicit, set(TYPES.values()))
    evidence = frozenset(_words(entry, "evidence"))
    _check(evidence, set(EVIDENCE))
    return Case(
        category=category,
        id=entry["id"],
        code=entry["code"],
        above=entry.get("above", ""),
        before=entry.get("before", ""),
        by=by,
        restart=bool(entry.get("restart", False)),
        via=via,
        extra={name: str(value) for name, value in entry.get("extra", {}).items()},
        sends=int(entry.get("sends", 1)),
        mask=entry.get("mask", ""),
        expected=expected,
        implicit=implicit,
        evidence=evidence,
    )


def _words(entry: dict[str, Any], key: str) -> list[str]:
    return str(entry.get(key, "")).split()


def _check(given: set[str] | frozenset[str], known: set[str]) -> None:
    wrong = set(given) - known
    if wrong:
        raise ValueError(f"{sorted(wrong)} is none of {sorted(known)}")
