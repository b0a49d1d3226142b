"""Parsed documents as a source: whose the fields of an object are that were written somewhere.

An object with a rare identifier of a known person in it (an e-mail, a telephone number, a full
name, the key of the account that asks) is about that person, and its fields by their names are
that person's values. Without one, two different values that the person has must agree. An object
that names two people, or nobody known, is left alone.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sst_otel.datatypes import normalise, plausible
from sst_otel.datatypes.rarity import bits
from sst_otel.field_paths import scalars, shown
from sst_otel.lineage import put_away, refine
from sst_otel.matching.content import find_plain
from sst_otel.matching.texts import Texts
from sst_otel.registry.datum import FOLLOWED, STRONG_BITS, Datum
from sst_otel.registry.identity import IDS, Mark, mark
from sst_otel.remembered import remembered
from sst_otel.scope import Scope
from sst_otel.selection import UNTRACKED
from sst_otel.sources.document_visit import Visit
from sst_otel.tagging import Tagger
from sst_otel.tags import Owner

_UNTOLD = frozenset({"password", "credential"})
"""Secrets are nobody's description, and safest where they are not kept."""
_SCALARS = frozenset({str, int, float})
_TEXT = frozenset({str})
_CONTAINERS = frozenset({dict, list})
_MOST_SHAPES = 1_000
_MOST_FIELDS = 100
_LONGEST_VALUE = 400
_LONGEST_TEXT = 20_000
_STATE = "documents"
_OF_ACTORS = re.compile(
    r"^db:(\w*_)?(audit|audits|log|logs|history|activity|activities|actions|changes|imports|exports)"
    r"(_\w+)?\."
)
"""Columns of tables whose rows name who did something, not whom it is about."""
_loads = json.loads
"""Taken before it is watched: our own reading is not the program's."""

Field = tuple[str, Any, str]
"""Name, value and data type."""


class Documents:
    """Finds the people of parsed documents."""

    def __init__(self, tagger: Tagger) -> None:
        self.tagger = tagger
        self._types = remembered(_MOST_SHAPES)(self._types_of)
        self._silent: dict[tuple[str, tuple[str, ...]], None] = {}
        """Path and names of objects none of whose names is personal."""

    def parsed(self, tree: Any, text: Any, scope: Scope) -> None:
        """Tag what ``tree``, just parsed from ``text``, tells of people who are known."""
        if scope.received is not None:  # by a trusted service, which knows what they are
            scope.received.take(self.tagger, scalars(tree), "document", scope)
        if len(self.tagger.registry) == 0:
            return
        Visit(self, scope).tree(tree)
        data = put_away.taken_out(text)
        if data and not scope.exhausted:
            scope.live = True  # nothing of this scope may have been marked yet
            source = Mark(text, data, True, scope)
            refine.Leaves([source], "loads").visit(tree)

    def of_row(self, stored: Any, owner: Owner, source: str, scope: Scope) -> bool:
        """Tag a document that stands in a row of ``owner``: a dictionary, a list, or its text.

        ``source``: the column. A text may say something before the document begins. Tells whether
        anything in it is somebody's.
        """
        if _OF_ACTORS.match(source):
            return False
        if type(stored) is not str:
            visit = Visit(self, scope, source)
            visit.tree(stored, owner)
            return bool(visit.found)
        visit = Visit(self, scope, source, by_identity=False)
        visit.tree(_document_in(stored), owner)
        data = tuple(datum for datum in visit.found if datum.handling == FOLLOWED)
        if data:
            mark(stored, data, scope, composed=True)
        return bool(visit.found)

    def fields(self, node: Any, path: str) -> tuple[list[Field], list[tuple[str, Any]]]:
        """Return the personal scalars of an object, by name, and its inner objects and lists."""
        names = tuple(dict.keys(node))
        if len(names) > _MOST_FIELDS or not _TEXT.issuperset(map(type, names)):
            return [], []
        values = dict.values(node)
        told = [
            (name, value, kind)
            for name, kind in self._types(path, names)
            if type(value := dict.__getitem__(node, name)) in _SCALARS
            and (type(value) is not str or len(value) <= _LONGEST_VALUE)
            and plausible(kind, value)
        ]
        if _CONTAINERS.isdisjoint(map(type, values)):
            return told, []
        pairs = zip(names, values, strict=True)
        return told, [pair for pair in pairs if issubclass(type(pair[1]), (dict, list))]

    def silent(self, node: dict[Any, Any], path: str) -> bool:
        """Whether an object, as those before it in a list, holds nothing to look at."""
        names = tuple(node)
        return (
            _TEXT.issuperset(map(type, names))
            and (path, names) in self._silent
            and _CONTAINERS.isdisjoint(map(type, node.values()))
        )

    def _types_of(self, path: str, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        classify = self.tagger.classifier.classify
        types = {name: classify(f"{path}.{name}" if path else name, names, "") for name in names}
        told = tuple(
            (name, kind) for name, kind in types.items() if kind is not None and kind not in _UNTOLD
        )
        if not told:
            if len(self._silent) >= _MOST_SHAPES:
                self._silent.clear()
            self._silent[path, names] = None
        return told

    def owners_of(self, kind: str, value: Any) -> set[Owner]:
        """Return the known people who have this rare value; empty for a common one."""
        if bits(kind, value) < STRONG_BITS:
            return set()
        wanted = normalise(kind, value)
        found = find_plain(self.tagger.registry.indexes(), Texts([str(value)]))
        return {
            datum.owner
            for _, data, _, _ in found
            for datum in data
            if datum.owner.ref
            and datum.data_type == kind
            and normalise(kind, datum.value) == wanted
        }

    def names_somebody(self, text: Any) -> bool:
        """Whether a known person's rare value stands in ``text``."""
        found = find_plain(self.tagger.registry.indexes(), Texts([str(text)]))
        return any(datum.owner.ref for _, data, _, _ in found for datum in data)

    def own(self, scope: Scope) -> tuple[Owner | None, dict[tuple[str, str], Datum]]:
        """Return whose scope it is, and that person's values by type and normal form."""
        owner = scope.known_owner() or scope.visitor
        if owner is None:
            return None, {}
        data = list(self.tagger.registry.of_owner(owner.ref))
        known = scope.state.get(_STATE)
        if known is None or known[0] != (owner, len(data)):
            values = {
                (datum.data_type, normalise(datum.data_type, datum.value)): datum for datum in data
            }
            known = scope.state[_STATE] = ((owner, len(data)), values)
        return owner, known[1]

    def tag(
        self, field: Field, owner: Owner, source: str, scope: Scope, by_identity: bool = True
    ) -> Datum | None:
        """Tag one field as ``owner``'s; None where its object is something already."""
        name, value, kind = field
        handling = self.tagger.selection.field(name)
        if id(value) in IDS or handling == UNTRACKED:
            return None
        if handling == FOLLOWED:
            datum = self.tagger.again(value, kind, owner, scope, by_identity)
            if datum is not None:
                return datum
        source = source or f"document:{shown(name)}"
        return self.tagger.value(value, kind, owner, source, scope, by_identity, handling)


def _document_in(text: str) -> Any:
    """Return the JSON object or list that ``text`` ends with; None where there is none."""
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts or len(text) > _LONGEST_TEXT or text.rstrip()[-1:] not in ("}", "]"):
        return None
    try:
        return _loads(text[min(starts) :])
    except (ValueError, RecursionError):
        return None
