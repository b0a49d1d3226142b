"""What the program itself wrote into a payload, so that it is no evidence of anybody's data.

Only hits by equal content are judged here: what identity follows is that very value, wherever else
it is written. The person whose request it is keeps what identifies them where the program's source
may be the place it has its accounts in: such a module knows passwords, and no database has the
value. A hotline that the sharing module itself has written is nobody's, even while a colleague who
answers it asks; what only another module writes may be data for a first start, or for tests.
"""

from __future__ import annotations

import sys
from types import FrameType

from sst_otel.literals import brings, files_with, may_be_an_account, stands_in_code
from sst_otel.matching import rules
from sst_otel.matching.hits import Hit
from sst_otel.matching.payload import Leaf
from sst_otel.registry.datum import Datum
from sst_otel.scope import Scope

_BY_WORDS = frozenset({rules.PHRASE, rules.SCRIPT, rules.DIGITS})
_BY_EQUALITY = _BY_WORDS | rules.BY_COMPANY | {rules.KEY}
_IDENTIFYING = frozenset({"email", "phone", "username", "user_id"})
_CONTACTS = frozenset({"email", "phone"})
_FROM_DATABASE = "db:"


def not_the_programs(hits: list[Hit], leaves: list[Leaf], scope: Scope) -> list[Hit]:
    """Drop hits on what are constants of the application's source."""
    if not hits:
        return hits
    constants = {
        (leaf.key, leaf.text): leaf.constant for leaf in leaves if leaf.constant is not None
    }
    for leaf in leaves:
        if leaf.mark is not None:
            constants.pop((leaf.key, leaf.text), None)
    return [hit for hit in hits if not _is_the_programs(hit, constants, scope)]


def _is_the_programs(hit: Hit, constants: dict[tuple[str, str], object], scope: Scope) -> bool:
    if hit.rule not in _BY_EQUALITY:
        return False
    datum, leaf = hit.datum, hit.leaf
    value = str(datum.value)
    if hit.rule in _BY_WORDS and brings(leaf.text, value):
        return True
    is_own = datum.owner == (scope.owner or scope.visitor)
    constant = constants.get((leaf.key, leaf.text))
    if constant is not None:
        # An enumeration's member is a constant and a datum in one.
        return datum.value is not constant and not (is_own and _may_be_kept_in_source(datum))
    if hit.rule not in _BY_WORDS or not stands_in_code(value) or not _is_written_here(value):
        return False
    if is_own:
        typed = datum.data_type in _CONTACTS and not datum.source.startswith(_FROM_DATABASE)
        return typed and not _may_be_kept_in_source(datum)
    return datum not in scope.data


def _is_written_here(text: str) -> bool:
    """Whether a module whose code is running has ``text`` in its source."""
    files = files_with(text)
    frame: FrameType | None = sys._getframe(1) if files else None
    while frame is not None:
        if frame.f_code.co_filename in files:
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
