"""Selective tracking: what of requests and models is tagged, followed, or only named.

Three lists, for ``fields`` (of requests, jobs and commands) and for each of ``models``:

``track``      what is tagged at all. The rest is not known to us: it is neither kept nor reported.
``propagate``  what is followed through the program. The rest is tagged, and recognised by its
               content where it leaves; what is computed from it is not noticed.
``opaque``     what is recognised and reported as a type of data and no more: the event has neither
               a place in the payload nor a source, and its tag is the same for every value that a
               person has of the type. It is not followed. Opaque fields are tracked.

A list names what it is about; ``{except: […]}`` names what it is not about; ``off`` is nothing and
``on`` everything, as if the list were missing. Names are those of fields and attributes, whatever
their case; ``*`` stands for any letters. A field of a document may be named by its path
(``user.email``) or by its last name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from sst_otel.registry.datum import BY_CONTENT, FOLLOWED, OPAQUE

UNTRACKED = 3
"""Handling of what is not tagged; the others are those of :mod:`sst_otel.registry.datum`."""
KEYS = frozenset({"track", "propagate", "opaque"})
_MOST_NAMES = 5_000


@dataclass(frozen=True, slots=True)
class Names:
    """A list of the configuration."""

    named: tuple[str, ...]
    """Lower case, with ``*``."""
    excluded: bool = False
    """Whether the list is of what is not meant."""

    def __contains__(self, name: object) -> bool:
        lowered = str(name).lower()
        last = lowered.rpartition(".")[2]
        found = any(fnmatchcase(lowered, one) or fnmatchcase(last, one) for one in self.named)
        return found != self.excluded


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen for one model, or for fields."""

    track: Names = Names((), excluded=True)
    propagate: Names = Names((), excluded=True)
    opaque: Names = Names(())

    def handling(self, name: str) -> int:
        """Return how the field or attribute ``name`` is handled."""
        if name in self.opaque:
            return OPAQUE
        if name not in self.track:
            return UNTRACKED
        return FOLLOWED if name in self.propagate else BY_CONTENT

    @property
    def names(self) -> frozenset[str]:
        """Every name without a ``*`` that it mentions, in lower case."""
        lists = (self.track, self.propagate, self.opaque)
        return frozenset(name for one in lists for name in one.named if "*" not in name)


def read_choice(spec: Mapping[str, Any]) -> Choice:
    """Read ``track``, ``propagate`` and ``opaque`` of a section; other keys are not looked at.

    Raises ``ValueError`` saying what is wrong, also where two of them contradict each other.
    """
    choice = Choice(**{key: _read_names(key, spec[key]) for key in KEYS & set(spec)})
    for name in sorted(choice.names):
        if name in choice.opaque and not choice.propagate.excluded and name in choice.propagate:
            raise ValueError(f"{name} is opaque, so it cannot be in propagate")
        if name in choice.opaque and choice.track.excluded and name not in choice.track:
            raise ValueError(f"{name} is opaque, so it cannot be excepted from track")
        listed = not choice.propagate.excluded and name in choice.propagate
        if listed and name not in choice.track:
            raise ValueError(f"{name} is in propagate, but track leaves it out")
    return choice


def _read_names(key: str, value: Any) -> Names:
    if value is True or value == "on":  # YAML reads a bare on as true
        return Names((), excluded=True)
    if value is False or value == "off":
        return Names(())
    excluded = isinstance(value, dict)
    if excluded:
        if set(value) != {"except"}:
            raise ValueError(f"{key} must be a list of names, or {{except: [names]}}, on or off")
        value = value["except"]
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ValueError(f"{key} must be a list of names, or {{except: [names]}}, on or off")
    return Names(tuple(name.lower() for name in value), excluded)


class Selection:
    """What is chosen for the running tracker: ``fields`` now, columns as tables are met."""

    def __init__(self, fields: Mapping[str, Any] | None = None) -> None:
        self._choice = read_choice(fields) if fields else None
        self._fields: dict[str, int] = {}
        self._sources: dict[str, int] = {}

    def field(self, name: str) -> int:
        """Return how a field of a request is handled, by its name or path."""
        if self._choice is None:
            return FOLLOWED
        found = self._fields.get(name)
        if found is None:
            found = self._choice.handling(name)
            if len(self._fields) < _MOST_NAMES:  # a path can have a stranger's words in it
                self._fields[name] = found
        return found

    def source(self, source: str) -> int:
        """Return how values of a source (``db:users.ssn``) are handled."""
        return self._sources.get(source, FOLLOWED)

    def learn(self, source: str, handling: int) -> None:
        """Note how values of a source are handled."""
        if handling != FOLLOWED:
            self._sources[source] = handling
