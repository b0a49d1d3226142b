"""What the program itself wrote into a payload, so that it is no evidence of anybody's data.

Only hits by equal content are judged here: what identity follows is that very value, wherever else
it is written. The person whose request it is keeps what identifies them where the program's source
may be the place it has its accounts in: such a module knows passwords, and no database has the
value. A hotline that the sharing module itself has written is nobody's, even while a colleague who
answers it asks; what only another module writes may be data for a first start, or for tests. In a
list most of whose members are nobody's a name that the sharing module writes is an author's.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

from sst_otel.literal_pairs import is_shared, pairs_in
from sst_otel.literals import brings, files_with, is_noted, may_be_an_account, stands_in_code
from sst_otel.matching import rules
from sst_otel.matching.choices import is_listed, shape
from sst_otel.matching.hits import Hit
from sst_otel.matching.leaf import Leaf
from sst_otel.registry.datum import Datum
from sst_otel.scope import Scope

_BY_WORDS = frozenset({rules.PHRASE, rules.SCRIPT, rules.DIGITS})
_BY_EQUALITY = _BY_WORDS | rules.BY_COMPANY | {rules.KEY}
_OF_FIELDS = frozenset({rules.KEY, rules.COMPUTED, rules.OPERAND})
"""What a field's name tells, of a number also what it was computed from."""
_IDENTIFYING = frozenset({"email", "phone", "username", "user_id"})
_CONTACTS = frozenset({"email", "phone"})
_FROM_DATABASE = "db:"
_SMALL = re.compile(r"-?\d{1,3}")


def not_the_programs(hits: list[Hit], leaves: list[Leaf], scope: Scope) -> list[Hit]:
    """Drop hits on what are constants of the application's source."""
    if not hits:
        return hits
    source = _Source(hits, leaves)
    return [hit for hit in hits if not _is_the_programs(hit, source, scope)]


class _Source:
    """What the leaves of a payload show of the program's source."""

    def __init__(self, hits: list[Hit], leaves: list[Leaf]) -> None:
        self._hits = hits
        self._leaves = leaves
        self.constants = {
            (leaf.key, leaf.text): leaf.constant for leaf in leaves if leaf.constant is not None
        }
        for leaf in leaves:
            if leaf.mark is not None:
                self.constants.pop((leaf.key, leaf.text), None)

    def is_field(self, hit: Hit) -> bool:
        """Whether the program has written a whole field, and nothing beside it is the person's."""
        leaf = hit.leaf
        value = int(leaf.text) if _SMALL.fullmatch(leaf.text) else leaf.text
        if leaf.mark is not None or not is_shared(value):
            return False
        if not _is_running(lambda file: is_noted(file) and (leaf.key, leaf.text) in pairs_in(file)):
            return False
        place, owner = leaf.group[-1], hit.datum.owner
        if any(
            other.datum.owner == owner
            and other.rule not in _OF_FIELDS
            and other.leaf.group[-1] == place
            for other in self._hits
        ):
            return False
        return not any(
            other.mark is not None
            and other.group[-1] == place
            and any(datum.owner == owner for datum in other.mark.data)
            for other in self._leaves
        )

    def is_exception(self, hit: Hit) -> bool:
        """Whether most members of the list that a hit stands in say nothing of anybody."""
        if not is_listed(hit.leaf.place):
            return False
        like = shape(hit.leaf)
        members = [leaf for leaf in self._leaves if shape(leaf) == like]
        told = {id(other.leaf) for other in self._hits}
        somebodys = Counter(leaf.mark is not None or id(leaf) in told for leaf in members)
        return somebodys[True] * 2 < len(members)


def _is_the_programs(hit: Hit, source: _Source, scope: Scope) -> bool:
    if hit.rule not in _BY_EQUALITY:
        return hit.rule in _OF_FIELDS and source.is_field(hit)
    datum, leaf = hit.datum, hit.leaf
    value = str(datum.value)
    if hit.rule in _BY_WORDS and brings(leaf.text, value):
        return True
    is_own = datum.owner == (scope.owner or scope.visitor)
    constant = source.constants.get((leaf.key, leaf.text))
    if constant is not None:
        # An enumeration's member is a constant and a datum in one.
        return datum.value is not constant and not (is_own and _may_be_kept_in_source(datum))
    if hit.rule == rules.KEY:
        return source.is_field(hit)
    if hit.rule not in _BY_WORDS or not stands_in_code(value) or not _is_written_here(value):
        return False
    if is_own:
        typed = datum.data_type in _CONTACTS and not datum.source.startswith(_FROM_DATABASE)
        return typed and not _may_be_kept_in_source(datum)
    return datum not in scope.data or source.is_exception(hit)


def _is_written_here(text: str) -> bool:
    """Whether a module whose code is running has ``text`` in its source."""
    files = files_with(text)
    return bool(files) and _is_running(files.__contains__)


def _is_running(wanted: Callable[[str], bool]) -> bool:
    """Whether code of a file that is ``wanted`` is running."""
    asked: dict[str, bool] = {}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file not in asked:
            asked[file] = wanted(file)
            if asked[file]:
                return True
        frame = frame.f_back
    return False


def _may_be_kept_in_source(datum: Datum) -> bool:
    """Whether an application may have what identifies a person in its source alone."""
    return (
        datum.data_type in _IDENTIFYING
        and not datum.source.startswith(_FROM_DATABASE)
        and may_be_an_account(str(datum.value))
    )
