"""What the program itself wrote into a payload, so that it is no evidence of anybody's data.

Only hits by equal content are judged here: what identity follows is that very value, wherever else
it is written. The person whose request it is keeps what identifies them, since small applications
have their accounts in their source.
"""

from __future__ import annotations

from sst_otel.literals import brings, stands_in_code
from sst_otel.matching import rules
from sst_otel.matching.hits import Hit
from sst_otel.matching.payload import Leaf
from sst_otel.scope import Scope

_BY_WORDS = frozenset({rules.PHRASE, rules.SCRIPT, rules.DIGITS})
_BY_EQUALITY = _BY_WORDS | rules.BY_COMPANY | {rules.KEY}
_IDENTIFYING = frozenset({"email", "phone", "username", "user_id"})


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
    is_own = datum.owner == (scope.owner or scope.visitor)
    keeps = is_own and datum.data_type in _IDENTIFYING
    value = str(datum.value)
    if hit.rule in _BY_WORDS and brings(leaf.text, value):
        return True
    constant = constants.get((leaf.key, leaf.text))
    if constant is not None:
        # An enumeration's member is a constant and a datum in one.
        return not keeps and datum.value is not constant
    return (
        hit.rule in _BY_WORDS and not is_own and datum not in scope.data and stands_in_code(value)
    )
