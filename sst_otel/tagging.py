"""Tagging: a value becomes a datum of a person, in the registry, the scope and the identity table.

Sources call this and know nothing else; whatever is shared later is found through the registry.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from sst_otel.audit import AuditLog
from sst_otel.datatypes import FieldClassifier, normalise
from sst_otel.field_paths import scalars
from sst_otel.fields import Fields
from sst_otel.keys import Keys
from sst_otel.registry.datum import FOLLOWED, OPAQUE, Datum
from sst_otel.registry.identity import IDS, mark
from sst_otel.registry.registry import Registry
from sst_otel.remembered import remembered
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.selection import UNTRACKED, Selection
from sst_otel.tags import Minter, Owner, Tag

_MOST_ADDRESSED = 20_000


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
        self._addressed: dict[int, Owner] = {}
        """Hash of an address → who is known by nothing else yet."""
        self._sealed = remembered(20_000)(keys.seal)
        self._fields = Fields(self)
        self.fields = self._fields.tag
        """:meth:`sst_otel.fields.Fields.tag`: tag the personal ones among named request values."""

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
            scope.know(datum)
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
                scope.know(datum)
            if by_identity and datum.handling == FOLLOWED:
                mark(value, (datum,), scope)
        return datum

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
            self._fields.sent_by(known, scope)
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

    def addressed(self, address: str) -> Owner:
        """Return who is known by an e-mail address alone until a row is theirs."""
        text = address.strip().casefold()
        owner = self.owner(text)
        if owner.id == text:
            if len(self._addressed) >= _MOST_ADDRESSED:
                self._addressed.clear()
            self._addressed[hash(text)] = owner
        return owner

    def is_addressed(self, owner: Owner) -> bool:
        """Whether nothing but the address of ``owner`` is known that somebody else has typed."""
        return owner.id is not None and self._addressed.get(hash(owner.id)) == owner

    def has_account(self, owner: Owner, name: str) -> None:
        """Note the name or the address of an account: whom it alone named is ``owner``."""
        if self._addressed:
            former = self._addressed.pop(hash(name.strip().casefold()), None)
            if former is not None:
                self.alias(former, owner)

    def give(self, scope: Scope, data: Iterable[Datum], owner: Owner) -> None:
        """Give what somebody has typed in ``scope`` to whom it belongs."""
        for datum in data:
            self.registry.give(datum, owner)
        hand_on(scope)

    def tag(self, datum: Datum) -> Tag:
        """Return the tag of a datum, minted on first use."""
        found = datum.tag
        if found is None:
            made_of = (self.tag(parent).tag_id for parent in datum.parents)
            opaque = datum.handling == OPAQUE
            written = "" if opaque else normalise(datum.data_type, datum.value)
            tag_id = self.minter.tag_id(datum.owner.ref, datum.data_type, written)
            # Where the sender knows the person under the same id, its tag is this very one.
            sent_as = (sender for sender in datum.senders if sender != tag_id)
            found = datum.tag = Tag(
                tag_id,
                datum.owner.ref,
                datum.data_type,
                "" if opaque else datum.source,
                (*sent_as, *made_of),
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
