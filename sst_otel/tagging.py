"""Tagging: a value becomes a datum of a person, in the registry, the scope and the identity table.

Sources call this and know nothing else; whatever is shared later is found through the registry.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import unquote

from sst_otel.audit import AuditLog
from sst_otel.datatypes import FieldClassifier, classify_value, normalise, recognise
from sst_otel.datatypes.rarity import is_common, is_first_name
from sst_otel.guard import say_once
from sst_otel.keys import Keys
from sst_otel.missed import DEPTH, FIELDS, missed
from sst_otel.registry.datum import FOLLOWED, OPAQUE, Datum
from sst_otel.registry.identity import IDS, mark
from sst_otel.registry.registry import Registry
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.selection import UNTRACKED, Selection
from sst_otel.tags import Minter, Owner, Tag

MAX_FIELDS = 2_000
"""Fields of one form or document that are looked at."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\d_a-zA-Z]+|\d+")
_MAX_DEPTH = 40
_MAX_PLANNED = 100
"""Fields of a form whose types are remembered; a table of rows has other names each time."""
_SCALARS = (str, int, float)
_TYPED = frozenset({"form_field", "json"})
"""Places that hold what somebody has typed."""
_FEWEST_SPACES = 2
_SHORTEST_SAID = 6


class Tagger:
    """Makes data out of values, and people out of visitors."""

    def __init__(
        self,
        registry: Registry,
        minter: Minter,
        keys: Keys,
        classifier: FieldClassifier,
        audit: AuditLog,
        selection: Selection | None = None,
    ) -> None:
        self.registry = registry
        self.minter = minter
        self.classifier = classifier
        self.selection = selection or Selection()
        """What is tracked, followed, or only named."""
        self._audit = audit
        self._aliases: dict[str, Owner] = {}
        self._sealed = lru_cache(maxsize=20_000)(keys.seal)
        self._plan = lru_cache(maxsize=512)(self._types_by_name)

    def owner(self, owner_id: Any) -> Owner:
        """Return the owner with this id of the application; of two joined ids the later one."""
        owner = self.minter.owner(str(owner_id))
        return self._aliases.get(owner.ref, owner)

    def value(
        self,
        value: Any,
        data_type: str,
        owner: Owner,
        source: str,
        scope: Scope | None = None,
        by_identity: bool = True,
        handling: int = FOLLOWED,
    ) -> Datum:
        """Tag one value as ``data_type`` of ``owner``.

        ``by_identity``: false for an object that is not this value's alone, such as a constant.
        ``handling``: of the field it is from (:mod:`sst_otel.selection`); that of a column is known
        by its ``source``. A datum that is not to be tracked is returned and forgotten.
        """
        scope = scope or current_scope()
        handling = max(handling, self.selection.source(source))
        if handling == UNTRACKED:
            return Datum(owner, data_type, value, source)
        datum = self.registry.add(owner, data_type, value, source)
        if handling > datum.handling:  # the strictest of its sources decides
            datum.handling = handling
            datum.tag = None
        if scope is not PROCESS:
            scope.data[datum] = None
        if by_identity and datum.handling == FOLLOWED:
            mark(value, (datum,), scope)
        return datum

    def again(
        self, value: Any, data_type: str, owner: Owner, scope: Scope, by_identity: bool = True
    ) -> Datum | None:
        """Tag a value that was tagged before, unseen; None for one that has to be judged first."""
        datum = self.registry.known(owner, data_type, value)
        if datum is not None:
            if scope is not PROCESS:
                scope.data[datum] = None
            if by_identity and datum.handling == FOLLOWED:
                mark(value, (datum,), scope)
        return datum

    def fields(
        self,
        pairs: Iterable[tuple[str, Any]],
        kind: str,
        context: str,
        scope: Scope,
        collect: bool = True,
    ) -> None:
        """Tag the personal ones among named request values, as the scope's owner's.

        ``kind`` names the place (``form_field``), ``context`` the form (its route), ``collect``
        whether a provenance record is written now or when the value is first shared.
        """
        items = list(islice(pairs, MAX_FIELDS + 1))
        if len(items) > MAX_FIELDS:
            del items[MAX_FIELDS:]
            missed(FIELDS)
            say_once(
                "tagging.fields",
                f"of a form or document with more than {MAX_FIELDS} fields only the first "
                f"{MAX_FIELDS} are looked at as input",
            )
        siblings = tuple([name for name, _ in items])
        plan = self._plan(siblings, context) if len(siblings) <= _MAX_PLANNED else None
        owner: Owner | None = None
        former = self._owner_so_far(scope) if plan is not None and any(plan) else None
        for position, (name, value) in enumerate(items):
            if type(value) not in _SCALARS:
                continue
            handling = self.selection.field(name)
            if handling == UNTRACKED:
                continue
            # Cookies and hidden fields often hold a quoted value: the datum is what it stands for.
            plain = unquote(value) if type(value) is str and "%" in value else value
            named = None if plan is None else plan[position]
            datum = None
            if named is not None and former is not None and handling == FOLLOWED:
                datum = self.again(plain, named, former, scope)
            if datum is None:
                if plan is not None and named is None:
                    data_type = recognise(plain, self.classifier.taxonomy)
                    if data_type is None and kind in _TYPED and _is_said(plain):
                        known = scope.known_owner() is not None
                        spoken = known and self.classifier.is_spoken(name)
                        data_type = "user_content" if spoken else None
                else:
                    data_type = classify_value(self.classifier, name, plain, siblings, context)
                if data_type is None:
                    continue
                owner = owner or self.scope_owner(scope)
                source = f"{kind}:{shown(name)}"
                datum = self.value(plain, data_type, owner, source, scope, True, handling)
            if plain is not value and datum.handling == FOLLOWED:
                mark(value, (datum,), scope)
            if collect and not datum.collected:
                self.collect(datum)

    def _owner_so_far(self, scope: Scope) -> Owner | None:
        """Return whose input this is if anybody is known or was made up already."""
        known = scope.known_owner()
        if known is None:
            return scope.visitor
        self.settle(scope)
        return known

    def _types_by_name(self, siblings: tuple[str, ...], context: str) -> tuple[str | None, ...]:
        """Return the types that the names of a form say."""
        return tuple(self.classifier.classify(name, siblings, context) for name in siblings)

    def document(self, tree: Any, kind: str, context: str, scope: Scope) -> None:
        """Tag the personal scalars of a parsed JSON document, at any depth."""
        self.fields(scalars(tree), kind, context, scope)

    def scope_owner(self, scope: Scope) -> Owner:
        """Return whose data this scope's input is, and settle who a visitor turned out to be."""
        owner = scope.owner_or_visitor(self.minter.visitor)
        if owner.known:
            self.settle(scope)
        return owner

    def settle(self, scope: Scope) -> None:
        """If the scope's visitor has become somebody, say so and hand their data over."""
        if scope.visitor is None:
            return
        known = scope.known_owner()
        if known is not None:
            self.become(scope, known)

    def become(self, scope: Scope, owner: Owner) -> None:
        """Record that the scope's visitor is ``owner``."""
        visitor = scope.take_visitor()
        if visitor is not None:
            self.alias(visitor, owner)

    def alias(self, former: Owner, owner: Owner) -> None:
        """Record that two owners are one person: what was ``former``'s is ``owner``'s."""
        if former == owner or self._aliases.get(former.ref) == owner:
            return
        if former.known:  # visitors never come back under their pseudonym
            self._aliases[former.ref] = owner
        self.registry.reassign(former, owner)
        hand_on(current_scope())
        self._audit.alias(former.ref, owner, time.time())

    def tag(self, datum: Datum) -> Tag:
        """Return the tag of a datum, minted on first use."""
        found = datum.tag
        if found is None:
            lineage = tuple(self.tag(parent).tag_id for parent in datum.parents)
            opaque = datum.handling == OPAQUE
            written = "" if opaque else normalise(datum.data_type, datum.value)
            found = datum.tag = Tag(
                self.minter.tag_id(datum.owner.ref, datum.data_type, written),
                datum.owner.ref,
                datum.data_type,
                "" if opaque else datum.source,
                lineage,
                datum.operations,
            )
        return found  # type: ignore[no-any-return]

    def collect(self, datum: Datum) -> Tag:
        """Have the provenance record of a datum (and of its parents) written; once per process."""
        tag = self.tag(datum)
        if not datum.collected:
            for parent in datum.parents:
                self.collect(parent)
            datum.collected = True
            self._audit.tag(tag, self.sealed(datum.owner), time.time())
        return tag

    def sealed(self, owner: Owner) -> str:
        """Return the encrypted id of an owner, ``""`` for visitors and nobody."""
        return self._sealed(owner.id) if owner.id is not None else ""


def _is_said(value: Any) -> bool:
    """Whether a value is some words in a row, or text of a script without word boundaries."""
    return type(value) is str and (
        value.count(" ") >= _FEWEST_SPACES or (not value.isascii() and len(value) >= _SHORTEST_SAID)
    )


def hand_on(scope: Scope) -> None:
    """Give what was computed in ``scope`` to those whom its sources belong to by now."""
    if scope is PROCESS:
        return
    for key in list(scope.latest()):
        entry = IDS.get(key)
        for datum in entry.data if entry is not None else ():
            if datum.parents and datum.owner is not datum.parents[0].owner:
                datum.owner = datum.parents[0].owner
                datum.tag = None
                datum.collected = False


def scalars(tree: Any) -> list[tuple[str, Any]]:
    """Return ``(path, value)`` of the leaves of exact dictionaries and lists, in their order.

    The keys of a path are joined by dots. Ends where :meth:`Tagger.fields` does.
    """
    found: list[tuple[str, Any]] = []
    _collect_scalars(tree, "", 0, found)
    return found


def _collect_scalars(tree: Any, path: str, depth: int, found: list[tuple[str, Any]]) -> None:
    if depth > _MAX_DEPTH:
        missed(DEPTH)
        say_once(
            "tagging.depth",
            f"of a document nested more than {_MAX_DEPTH} levels deep the inner levels are not "
            "looked at as input",
        )
        return
    named = type(tree) is dict
    if not named and type(tree) is not list:
        found.append((path, tree))
        return
    for name, value in tree.items() if named else ((path, value) for value in tree):
        inner = f"{path}.{name}" if named and path else name
        if type(value) is dict or type(value) is list:
            _collect_scalars(value, inner, depth + 1, found)
        else:
            found.append((inner, value))
        if len(found) > MAX_FIELDS:
            return


def shown(name: str) -> str:
    """Return a field's name or path as it may be stored.

    The last piece has told the type, so it is a field's name. The pieces before it may be people:
    ``{"Zephyrine": {"phone": …}}``; they are shown where all their words are ordinary ones.
    """
    *outer, last = name.split(".")
    if len(last) > 80 or "@" in last or sum(char.isdigit() for char in last) >= 5:
        last = "{field}"
    pieces = [piece if _is_ordinary(piece) else "{key}" for piece in outer]
    return ".".join([*pieces, last])


def _is_ordinary(piece: str) -> bool:
    words = _WORD.findall(piece)
    return bool(words) and all(
        is_common(word.lower()) and not is_first_name(word.lower()) for word in words
    )
