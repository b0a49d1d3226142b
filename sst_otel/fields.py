"""Fields of a form, a document or a query: each becomes a datum of whom it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sst_otel.datatypes import classify_value, recognise
from sst_otel.datatypes.inside import lists_addresses, shown_inside
from sst_otel.field_paths import MAX_FIELDS, shown
from sst_otel.guard import say_once
from sst_otel.meant import TYPED, Field, Typist, read
from sst_otel.missed import FIELDS, missed
from sst_otel.registry.datum import FOLLOWED, Datum
from sst_otel.registry.identity import mark
from sst_otel.remembered import remembered
from sst_otel.scope import PROCESS, Scope
from sst_otel.selection import UNTRACKED
from sst_otel.tags import Owner

if TYPE_CHECKING:
    from sst_otel.tagging import Tagger

_MAX_PLANNED = 100
"""Fields of a form whose types are remembered; a table of rows has other names each time."""
_SCALARS = (str, int, float)
_ASKED_FOR = frozenset({"path", "query"})
"""Places that say which thing a request is about."""
_ID = "user_id"
_FEWEST_SPACES = 2
_SHORTEST_SAID = 6
_FORMS = "forms of nobody known yet"
_LISTED = "somebody listed"
"""What a field asks for that holds several addresses."""


class Fields:
    """Tags fields by their names, their values and whom they are about; one a tagger."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        self._classifier = tagger.classifier
        self._plan = remembered(512)(self._types_by_name)

    def tag(
        self,
        pairs: Iterable[tuple[str, Any]],
        kind: str,
        context: str,
        scope: Scope,
        collect: bool = True,
        owner: Owner | None = None,
    ) -> None:
        """Tag the personal ones among named request values, as ``owner``'s (whose they are).

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
        told = plan is not None and any(plan)
        asked = read(items, plan, kind, context, self._classifier) if owner is None else {}
        known = scope.known_owner() if asked else None
        whole, means = self._means(known, asked) if known is not None else (owner, {})
        unjudged = bool(asked) and known is None and scope is not PROCESS
        noted: list[tuple[Field | None, Datum]] = []
        former = owner or (self._owner_so_far(scope) if told else None)
        received = scope.received if owner is None else None
        taken = received.take(self._tagger, items, kind, scope) if received else ()
        for position, (name, value) in enumerate(items):
            if type(value) not in _SCALARS or position in taken:
                continue
            handling = self._tagger.selection.field(name)
            if handling == UNTRACKED:
                continue
            # Cookies and hidden fields often hold a quoted value: the datum is what it stands for.
            plain = unquote(value) if type(value) is str and "%" in value else value
            if kind in TYPED and lists_addresses(plain):
                self._tag_addresses(name, plain, kind, scope, collect)
                continue
            if kind in TYPED and _is_said(plain) and self._classifier.may_quote(name):
                self._tag_said(name, plain, kind, scope, collect)
            named = None if plan is None else plan[position]
            datum = None
            whose = means.get(position, whole)
            so_far = whose or former
            if (
                named == _ID
                and so_far is not None
                and self._is_of_another(so_far, name, plain, kind, siblings)
            ):
                continue
            if named is not None and so_far is not None and handling == FOLLOWED:
                datum = self._tagger.again(plain, named, so_far, scope)
            if datum is None:
                if plan is not None and named is None:
                    data_type = recognise(plain, self._classifier.taxonomy)
                    if data_type is None and kind in TYPED and _is_said(plain):
                        signed = scope.known_owner() is not None
                        spoken = signed and self._classifier.is_spoken(name)
                        data_type = "user_content" if spoken else None
                else:
                    data_type = classify_value(self._classifier, name, plain, siblings, context)
                if data_type is None:
                    continue
                if whose is None or (data_type == "user_content" and owner is None):
                    whose = self._tagger.scope_owner(scope)
                if data_type == _ID and self._is_of_another(whose, name, plain, kind, siblings):
                    continue
                source = f"{kind}:{shown(name)}"
                datum = self._tagger.value(plain, data_type, whose, source, scope, True, handling)
            if plain is not value and datum.handling == FOLLOWED:
                mark(value, (datum,), scope)
            if collect and not datum.collected:
                self._tagger.collect(datum)
            if unjudged:
                noted.append((asked.get(position), datum))
        if unjudged:
            scope.state.setdefault(_FORMS, []).append(noted)

    def _is_of_another(
        self, owner: Owner, name: str, sent: Any, kind: str, siblings: tuple[str, ...]
    ) -> bool:
        """Whether an id that ``owner`` has sent is not their own: a customer's, a wallet's.

        A number that people are given, such as a member's, is theirs beside what else they fill in.
        """
        if owner.id is None or str(sent).strip() == owner.id.rpartition(":")[2]:
            return False
        return kind in _ASKED_FOR or not self._classifier.is_own_number(name, siblings)

    def _means(
        self, known: Owner, asked: Mapping[int, Field]
    ) -> tuple[Owner | None, dict[int, Owner | None]]:
        """Return whom a form is about that ``known`` has sent, and the fields at each position."""
        typist = Typist(known, self._tagger.registry, self._tagger.addressed)
        whole, found = typist.means(list(asked.values()))
        return whole, dict(zip(asked, found, strict=True))

    def sent_by(self, known: Owner, scope: Scope) -> None:
        """Judge the forms that came in before it was known that ``known`` has sent them."""
        for noted in scope.state.pop(_FORMS, ()):
            fields = {place: field for place, (field, _) in enumerate(noted) if field is not None}
            whole, means = self._means(known, fields)
            for place, (_, datum) in enumerate(noted):
                whose = means.get(place, whole)
                spoken = datum.data_type == "user_content"
                if whose is not None and not spoken and datum.owner == scope.visitor:
                    self._tagger.give(scope, (datum,), whose)

    def _tag_said(self, name: str, text: str, kind: str, scope: Scope, collect: bool) -> None:
        """Tag what a text that somebody has said shows of itself, as the speaker's."""
        for data_type, found in shown_inside(text, self._classifier.taxonomy):
            source = f"{kind}:{shown(name)}"
            datum = self._tagger.value(
                found, data_type, self._tagger.scope_owner(scope), source, scope, False
            )
            if collect and not datum.collected:
                self._tagger.collect(datum)

    def _tag_addresses(self, name: str, text: str, kind: str, scope: Scope, collect: bool) -> None:
        """Tag each of several addresses that stand in one field, as those of different people."""
        inside = shown_inside(text, self._classifier.taxonomy)
        fields = [
            Field("email", found, _LISTED) for data_type, found in inside if data_type == "email"
        ]
        known = scope.known_owner()
        means = self._means(known, dict(enumerate(fields)))[1] if known is not None else {}
        noted: list[tuple[Field | None, Datum]] = []
        for place, field in enumerate(fields):
            owner = means.get(place) or self._tagger.scope_owner(scope)
            source = f"{kind}:{shown(name)}"
            datum = self._tagger.value(field.text, "email", owner, source, scope, False)
            if collect and not datum.collected:
                self._tagger.collect(datum)
            noted.append((field, datum))
        if known is None and scope is not PROCESS:
            scope.state.setdefault(_FORMS, []).append(noted)

    def _owner_so_far(self, scope: Scope) -> Owner | None:
        """Return whose input this is if anybody is known or was made up already."""
        known = scope.known_owner()
        if known is None:
            return scope.visitor or scope.hinted
        self._tagger.settle(scope)
        return known

    def _types_by_name(self, siblings: tuple[str, ...], context: str) -> tuple[str | None, ...]:
        """Return the types that the names of a form say."""
        return tuple(self._classifier.classify(name, siblings, context) for name in siblings)


def _is_said(value: Any) -> bool:
    """Whether a value is some words in a row, or text of a script without word boundaries."""
    return type(value) is str and (
        value.count(" ") >= _FEWEST_SPACES or (not value.isascii() and len(value) >= _SHORTEST_SAID)
    )
