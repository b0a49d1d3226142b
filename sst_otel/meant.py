"""Whose is what somebody known types: their own, or somebody else's whom they mean.

Staff enters customers, one invites a friend: much of what they type leaves before a row says whose
it is, and of an invitation there may never be one. So it is judged when it comes in, by what is
known of people and by what the fields ask for; docs/sources.md has the order. What a row says later
(:mod:`sst_otel.sources.signup`) wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote

from sst_otel.datatypes import FieldClassifier, recognise
from sst_otel.datatypes.tokens import context_words
from sst_otel.registry.datum import folded_text
from sst_otel.registry.registry import Registry
from sst_otel.tags import Owner

TYPED = frozenset({"form_field", "json"})
"""Places that hold what somebody has typed."""
GIVEN = TYPED | {"path", "query"}
"""Places of what a request is about."""
THEMSELVES = "themselves"
"""What a field asks for that is about whoever fills it in, as likely as not."""
ANYBODY = ""
"""What a field asks for whose name says nothing of whom."""
SUBJECT = "whom it is about"
"""What a path or a query names."""
FORM = "the form's"
"""What the fields of a form ask for that as a whole is about somebody else: an invitation."""
_ALONE = (THEMSELVES, ANYBODY, SUBJECT)
"""What fields ask for that say nothing of each other."""
_KEYS = ("email", "username")
"""Types by which an account is told."""
_TELLING = frozenset({*_KEYS, "name", "first_name", "last_name", "phone"})
_SHORTEST = 3
_MOST_OWN = 2_000
"""Values of the typist's that are looked at."""


class Field(NamedTuple):
    """One field that was filled in."""

    data_type: str
    text: str
    asks_for: str
    """One of the above, or the words of its name for somebody else."""


def read(
    items: Sequence[tuple[str, Any]],
    plan: Sequence[str | None] | None,
    kind: str,
    context: str,
    classifier: FieldClassifier,
) -> dict[int, Field]:
    """Return the fields, by position, by which it can be told whom a form or a query is about.

    ``plan``: the types that the names say, if they are known. Empty where no account is named.
    """
    if kind not in GIVEN:
        return {}
    fields: dict[int, Field] = {}
    form = unsaid = SUBJECT
    if kind in TYPED:
        inviting = classifier.taxonomy.words["inviting"].intersection(context_words(context))
        form, unsaid = (FORM, FORM) if inviting else (THEMSELVES, ANYBODY)
    for position, (name, value) in enumerate(items):
        named = plan[position] if plan is not None else None
        if type(value) is not str and (named is None or type(value) is not int):
            continue
        text = str(value)
        if "@" in text:
            text = unquote(text) if "%" in text else text
            if recognise(text, classifier.taxonomy) == "email":
                asks_for = classifier.asks_for(name) or (form if named else unsaid)
                fields[position] = Field("email", text, asks_for)
                continue
        if named is not None and named != "email":
            fields[position] = Field(named, text, classifier.asks_for(name) or form)
    return fields if any(field.data_type in _KEYS for field in fields.values()) else {}


class Typist:
    """Somebody known who fills in fields. ``addressed(address)``: whom an address alone names."""

    def __init__(self, known: Owner, registry: Registry, addressed: Callable[[str], Owner]) -> None:
        self._known = known
        self._registry = registry
        self._addressed = addressed
        self._own: dict[str, set[str]] = {}
        for datum in islice(registry.of_owner(known.ref), _MOST_OWN):
            if datum.data_type in _TELLING and not datum.parents:
                self._own.setdefault(datum.data_type, set()).add(folded_text(datum))

    def means(self, fields: Sequence[Field]) -> tuple[Owner | None, list[Owner | None]]:
        """Return whom a form is about, and whom each of its ``fields``; None for themselves."""
        asked = [field for field in fields if field.asks_for == THEMSELVES]
        whole = self._whole(asked)
        groups: dict[str, list[Field]] = {}
        for field in fields:
            if field.asks_for not in _ALONE:
                groups.setdefault(field.asks_for, []).append(field)
        one = {asks_for: self._only(group, asks_for) for asks_for, group in groups.items()}
        found = []
        for field in fields:
            whom = one.get(field.asks_for)
            if field.asks_for == THEMSELVES:
                whom = whole
            elif whom is None and field.data_type in _KEYS:
                whom = self._whose(field)
            found.append(whom)
        return whole, found

    def _only(self, group: list[Field], asks_for: str) -> Owner | None:
        """Return the one person whom fields for somebody else are about, by the one address."""
        mails = {_folded(field.text): field for field in group if field.data_type == "email"}
        return self._whose(mails.popitem()[1]) if len(mails) == 1 else None

    def _whose(self, field: Field) -> Owner | None:
        """Return whose an address or a user name is that is not asked for as the typist's own.

        Where nothing is known of the typist's own, it takes a field that asks for somebody else's.
        """
        text, own = _folded(field.text), self._own.get(field.data_type)
        if own is None and field.asks_for in (ANYBODY, SUBJECT, FORM):
            return None
        if (own is not None and text in own) or self._registry.mailboxes.has(text):
            return None
        account = self._account(text, field.data_type)
        if account is not None or field.data_type != "email" or field.asks_for == ANYBODY:
            return account
        return self._addressed(text)

    def _whole(self, asked: list[Field]) -> Owner | None:
        """Return whom a form is about that asks for an address as if it were the typist's own.

        Somebody else, where it holds nothing that is the typist's but what differs from theirs: the
        account that has this, or who is known by the address. A form with two people's addresses
        is nobody's alone.
        """
        texts: dict[str, str] = {}
        for data_type, text, _ in asked:
            folded = _folded(text)
            if data_type in _TELLING and folded and texts.setdefault(data_type, folded) != folded:
                return None
        compared = texts.keys() & self._own.keys()
        if not compared.intersection(_KEYS) or any(
            texts[data_type] in self._own[data_type] for data_type in compared
        ):
            return None
        for data_type in _KEYS:
            account = self._account(texts.get(data_type, ""), data_type)
            if account is not None:
                return account
        several = "email" in compared and len(compared) > 1
        return self._addressed(texts["email"]) if several else None

    def _account(self, text: str, data_type: str) -> Owner | None:
        """Return the one other person in whose row this e-mail address or user name stands."""
        if len(text) < _SHORTEST:
            return None
        people = {
            datum.owner
            for datum in self._registry.holding(text)
            if datum.owner.known
            and datum.stored
            and datum.data_type == data_type
            and folded_text(datum) == text
        } - {self._known}
        return people.pop() if len(people) == 1 else None


def _folded(text: str) -> str:
    return text.strip().casefold()
