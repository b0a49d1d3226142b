"""Whose arguments and documents are: the job's or sender's own, and each record's of a list.

A task that gathers what others have made is given a list of people; what stands in one of its
records says nothing about the others.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sst_otel.datatypes import recognise
from sst_otel.field_paths import MAX_FIELDS, scalars
from sst_otel.missed import FIELDS, missed
from sst_otel.registry.datum import STRONG_BITS, strength
from sst_otel.scope import Scope
from sst_otel.tagging import Tagger
from sst_otel.tags import Owner

_OWNER_NAMES = ("user_id", "owner_id", "account_id")
"""Names that say whose the others are, in this order."""
_IDS = (int, str)
_LISTS = (list, tuple)
_DEEPEST = 8
_SEPARATORS = (",", ";", "\t")

Leaves = list[tuple[str, Any]]
"""Path and value of each."""
Record = tuple["int | str | None", Leaves]
"""Whose its values are, None where none of them says so; and these."""


def tag_records(
    tagger: Tagger, scope: Scope, arguments: Mapping[str, Any], kind: str, context: str
) -> None:
    """Tag the personal ones among ``arguments`` (:func:`sst_otel.sources.jobs.tag_arguments`)."""
    (named, leaves), records = split(arguments)
    known = [_people_with(tagger, value) for _, value in leaves]
    if scope.known_owner() is None:
        if named is not None:
            scope.set_owner(tagger.owner(named))
        elif not records:
            times = Counter(path for path, _ in leaves)
            alone = [one for one, (path, _) in zip(known, leaves, strict=True) if times[path] == 1]
            _name_the_only(scope, set().union(*alone))
    new = [leaf for leaf, one in zip(leaves, known, strict=True) if not one - {scope.owner}]
    tagger.fields(new, kind, context, scope)
    for named, leaves in records:
        known = [_people_with(tagger, value) for _, value in leaves]
        owner = _owner_of(tagger, scope, named, set().union(*known))
        new = [leaf for leaf, one in zip(leaves, known, strict=True) if not one - {owner}]
        tagger.fields(new, kind, context, scope, owner=owner)


def tag_document(tagger: Tagger, scope: Scope, tree: Any, kind: str, context: str) -> None:
    """Tag the personal scalars of a document that somebody has sent.

    They are the sender's, but for a list of records that name several people, each by an e-mail:
    who is logged in and sends such a list imports others.
    """
    (_, leaves), records = split({"": tree})
    if not _tag_each(tagger, scope, [record for _, record in records], kind, context):
        tagger.document(tree, kind, context, scope)
    elif leaves:
        tagger.fields(leaves, kind, context, scope)


def tag_table(tagger: Tagger, scope: Scope, text: str, kind: str, context: str) -> bool:
    """Tag the rows of a table in CSV that somebody known has sent, whose rows are people.

    Told by an e-mail address in each; else nothing is tagged. Tells whether it was.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    between = max(_SEPARATORS, key=lines[0].count) if lines else ""
    try:
        names, *rows = csv.reader(lines[:MAX_FIELDS], delimiter=between, strict=True)
    except (ValueError, TypeError, csv.Error):
        return False
    records = [list(zip(names, row, strict=True)) for row in rows if len(row) == len(names)]
    if len(records) != len(rows) or any("@" in name for name in names):
        return False
    return _tag_each(tagger, scope, records, kind, context)


def _tag_each(tagger: Tagger, scope: Scope, records: list[Leaves], kind: str, context: str) -> bool:
    """Tag each of several records as that of whom its one e-mail names; tell whether they do."""
    mails = [_mails(record) for record in records]
    several = len({mail for found in mails for mail in found}) == len(records) > 1
    if not several or any(len(found) != 1 for found in mails) or scope.known_owner() is None:
        return False
    for record, (mail,) in zip(records, mails, strict=True):
        people = _people_with(tagger, mail)
        owner = people.pop() if len(people) == 1 else tagger.addressed(mail)
        tagger.fields(record, kind, context, scope, owner=owner)
    return True


def _mails(leaves: Leaves) -> set[str]:
    texts = {value for _, value in leaves if type(value) is str and "@" in value}
    return {text for text in texts if recognise(text) == "email"}


def split(arguments: Mapping[str, Any]) -> tuple[Record, list[Record]]:
    """Return the job's own values, and the records of lists that hold more than one.

    Of records only 2,000 values in all. What the only dictionary among the arguments names is whose
    the job's own are.
    """
    inner = [value for value in arguments.values() if type(value) is dict]
    told = (_named(pairs) for pairs in (arguments, *inner[: len(inner) == 1]))
    apart = _Split()
    leaves = [leaf for name, value in arguments.items() for leaf in apart.own(name, value, 0)]
    return (next((one for one in told if one is not None), None), leaves), apart.records


class _Split:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self._left = MAX_FIELDS

    def own(self, path: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
        """Yield what is the job's own below ``value``, and keep what is a record's."""
        kind = type(value)
        if kind is dict and depth < _DEEPEST:
            for name, item in value.items():
                yield from self.own(_joined(path, name), item, depth + 1)
        elif kind in _LISTS and depth < _DEEPEST:
            several = sum(type(item) is dict for item in value) > 1
            for item in value:
                if several and type(item) is dict:
                    self._add(path, item)
                else:
                    yield from self.own(path, item, depth + 1)
        else:
            yield path, value

    def _add(self, path: str, item: dict[Any, Any]) -> None:
        if self._left <= 0:
            missed(FIELDS)
            return
        leaves = [(_joined(path, name), value) for name, value in scalars(item)]
        self._left -= len(leaves)
        self.records.append((_named(item), leaves))


def _joined(path: str, name: Any) -> str:
    if type(name) is not str:
        return path
    return f"{path}.{name}" if path else name


def _named(pairs: Mapping[Any, Any]) -> int | str | None:
    told = (pairs.get(name) for name in _OWNER_NAMES)
    return next((value for value in told if type(value) in _IDS and value), None)


def _name_the_only(scope: Scope, people: set[Owner]) -> None:
    if len(people) == 1:
        scope.set_owner(people.pop())


def _owner_of(tagger: Tagger, scope: Scope, named: int | str | None, people: set[Owner]) -> Owner:
    """Return whose a record is: who it names, whose it is by a value, the job's, a stranger's."""
    if named is not None:
        return tagger.owner(named)
    if len(people) == 1:
        return people.pop()
    return scope.known_owner() or tagger.minter.visitor()


def _people_with(tagger: Tagger, value: Any) -> set[Owner]:
    """Return the people of whom a value is known that tells them from all others.

    A town or a birthday does not: two people may have the same.
    """
    if type(value) is not str or not value:
        return set()
    data = tagger.registry.holding(value)
    return {datum.owner for datum in data if datum.owner.known and strength(datum) >= STRONG_BITS}
