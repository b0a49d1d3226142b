"""One walk over one parsed document: whose each object in it is, and their fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sst_otel.datatypes import normalise
from sst_otel.registry.datum import Datum
from sst_otel.scope import Scope
from sst_otel.tags import Owner

if TYPE_CHECKING:
    from sst_otel.sources.documents import Documents, Field

_IDENTIFYING = frozenset({"email", "phone", "name"})
_WORDS = "user_content"
_INSIDE = frozenset(
    {"address", "attributes", "contact", "contacts", "customer", "data", "details", "fields"}
    | {"info", "location", "payload", "person", "personal", "profile", "properties", "traits"}
    | {"user"}
)
"""Names of inner objects that are about the person of the outer one."""
_PLACES = frozenset({"city", "country", "postal_code", "region", "street_address"})
"""Types that say nothing about whom an object is: shops have addresses too."""
_SCALARS = frozenset({str, int, float})
_MOST_OBJECTS = 300
_DEEPEST = 8


class Visit:
    """One walk over one document."""

    def __init__(
        self, documents: Documents, scope: Scope, source: str = "", by_identity: bool = True
    ) -> None:
        self._documents = documents
        self._scope = scope
        self._source = source
        self._by_identity = by_identity
        self._left = _MOST_OBJECTS
        self.found: dict[Datum, None] = {}

    def tree(self, tree: Any, owner: Owner | None = None) -> None:
        """Walk ``tree``; ``owner``: of the row that it stands in."""
        if issubclass(type(tree), (dict, list)):
            self._node(tree, "", owner, 0)

    def _node(self, node: Any, path: str, outer: Owner | None, depth: int) -> None:
        if depth > _DEEPEST or self._left <= 0:
            return
        if issubclass(type(node), list):
            silent = self._documents.silent
            for item in list.__iter__(node):
                kind = type(item)
                if kind in _SCALARS or (kind is dict and silent(item, path)):
                    continue
                if issubclass(kind, (dict, list)):
                    self._node(item, path, outer, depth + 1)
            return
        self._left -= 1
        fields, inner = self._documents.fields(node, path)
        owner = self._owner(fields, outer, bool(inner))
        if owner is not None:
            for field in fields:
                if field[2] == _WORDS and self._documents.names_somebody(field[1]):
                    continue  # "order by ada@example.org": the program's words
                datum = self._documents.tag(
                    field, owner, self._source, self._scope, self._by_identity
                )
                if datum is not None:
                    self.found[datum] = None
        for name, child in inner:
            within = owner if name.lower() in _INSIDE and type(child) is not list else None
            self._node(child, f"{path}.{name}" if path else name, within, depth + 1)

    def _owner(self, fields: list[Field], outer: Owner | None, more: bool) -> Owner | None:
        """Return whose the object is; None for nobody known, or for more than one."""
        if not fields:
            return outer
        # What stands alone is recognised wherever it goes.
        named = self._named(fields) if more or len(fields) > 1 else set()
        if not named and outer is None and len(fields) > 1:
            own, values = self._documents.own(self._scope)
            return own if self._agrees(fields, values) else None
        if len(named) > 1:
            own, _ = self._documents.own(self._scope)
            return own if own in named else None
        return next(iter(named), None) if named else self._if_not_others(fields, outer)

    def _named(self, fields: list[Field]) -> set[Owner]:
        """Return the people whom all of the rare identifiers among the fields name."""
        named: list[set[Owner]] = []
        for _, value, kind in fields:
            if kind in _IDENTIFYING:
                named.append(self._documents.owners_of(kind, value))
            elif kind == "user_id":
                own = self._scope.known_owner()
                named.append({own} if own is not None and own.id == str(value) else set())
        told = [owners for owners in named if owners]
        return set.intersection(*told) if told else set()

    def _agrees(self, fields: Iterable[Field], values: dict[tuple[str, str], Datum]) -> bool:
        """Whether two kinds of values are the person's own and none of those kinds is not."""
        kinds = {kind for kind, _ in values}
        same = set()
        for _, value, kind in fields:
            if (kind, normalise(kind, value)) in values:
                same.add(kind)
            elif kind in kinds:
                return False
        return len(same) > 1 and not same <= _PLACES

    def _if_not_others(self, fields: list[Field], outer: Owner | None) -> Owner | None:
        """Return the outer object's person, unless what identifies somebody here is not theirs."""
        if outer is None or not outer.ref:
            return None
        registry = self._documents.tagger.registry
        known = {datum.data_type for datum in registry.of_owner(outer.ref)}
        stranger = any(
            kind in _IDENTIFYING
            and kind in known
            and not any(
                datum.data_type == kind and normalise(kind, datum.value) == normalise(kind, value)
                for datum in registry.of_owner(outer.ref)
            )
            for _, value, kind in fields
        )
        return None if stranger else outer
