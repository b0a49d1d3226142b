"""What an SQL expression keeps of the columns it is made of: the value, a text around it, or less.

Shared by the two readers of statements: SQLAlchemy's own trees (:mod:`.core_columns`) and parsed
text (:mod:`.text_columns`). Nothing here runs while rows are fetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

SAME = "same"
"""The column's value, perhaps in another case or type."""
COMPOSED = "composed"
"""A longer text that the values of the columns stand in."""
DERIVED = "derived"
"""Computed: the value cannot be read off it."""
_RANK = (SAME, COMPOSED, DERIVED)

# Functions by their names without underscores: databases and parsers set them differently.
_VERBATIM = frozenset(
    {"anyvalue", "btrim", "cast", "citext", "coalesce", "collate", "convert", "date", "first"}
    | {"firstvalue", "greatest", "ifnull", "initcap", "isnull", "lag", "last", "lastvalue"}
    | {"lcase", "lead", "least", "lower", "ltrim", "nthvalue", "nullif", "nvl", "rtrim", "text"}
    | {"timestamp", "todate", "trim", "trycast", "ucase", "unaccent", "unnest", "upper"}
    | {"str", "varchar"}
)
_CONCATENATING = frozenset(
    {"concat", "concatws", "format", "jsonarray", "jsonbuildarray", "jsonbuildobject"}
    | {"jsonobject", "jsonbbuildobject", "printf", "rowtojson", "tojson", "tojsonb"}
)
_COLLECTING = frozenset(
    {"arrayagg", "groupconcat", "jsonagg", "jsonarrayagg", "jsongrouparray", "listagg"}
    | {"jsongroupobject", "jsonobjectagg", "jsonbagg", "jsonbobjectagg"}
    | {"stringagg", "xmlagg"}
)
_SUMMARISING = frozenset(
    {"avg", "corr", "covarpop", "covarsamp", "mean", "median", "mode", "percentilecont"}
    | {"percentiledisc", "regrslope", "std", "stddev", "stddevpop", "stddevsamp", "sum"}
    | {"total", "varpop", "varsamp", "variance"}
)
_PICKING = frozenset({"max", "min"})
_SAYING_NOTHING = frozenset(
    {"approxdistinct", "bitlength", "booland", "boolor", "charlength", "count", "cumedist"}
    | {"denserank", "every", "exists", "grouping", "length", "ntile", "octetlength"}
    | {"percentrank", "pgtypeof", "rank", "rownumber", "typeof"}
)


@dataclass(frozen=True, slots=True)
class Ref:
    """A column of one table of a statement; a table joined twice is two relations."""

    relation: tuple[Any, ...]
    """Which occurrence of the table: the subqueries around it, then itself."""
    table: Any = field(compare=False)
    """What :meth:`sst_otel.sources.people.People.plan` takes."""
    column: str


@dataclass(frozen=True, slots=True)
class Value:
    """What one expression holds of which columns."""

    refs: tuple[Ref, ...] = ()
    how: str = SAME
    many: bool = False
    """Whether values of several rows went into it."""
    operations: tuple[str, ...] = ()
    branches: int = 1
    """Of a ``UNION`` its number of parts, one ref for each where all of them are known."""
    given: tuple[str, Any] | None = None
    """``("parameter", name or position)`` or ``("literal", value)`` of something given from
    outside."""


NOTHING = Value()


def call(name: str, arguments: Iterable[Value]) -> Value:
    """Return what the function ``name`` (lower case) makes of its arguments."""
    values = [value for value in arguments if value.refs]
    plain = name.replace("_", "")
    if not values or plain in _SAYING_NOTHING:
        return NOTHING
    if plain in _VERBATIM or (plain in _PICKING and len(values) > 1):
        return joined(values, SAME)
    if plain in _PICKING:
        return replace(values[0], many=True, given=None)
    if plain in _CONCATENATING:
        return joined(values, COMPOSED)
    if plain in _COLLECTING:
        return replace(joined(values, COMPOSED), many=True)
    return replace(computed(name, values), many=plain in _SUMMARISING or _any_many(values))


def computed(operation: str, values: Iterable[Value]) -> Value:
    """Return the result of an operation that does not keep what it is given."""
    both = joined([value for value in values if value.refs], DERIVED)
    if not both.refs:
        return NOTHING
    return replace(both, operations=(*both.operations, operation))


def joined(values: list[Value], how: str) -> Value:
    """Return a value that holds all of ``values``, at best in the way ``how``."""
    if not values:
        return NOTHING
    refs = dict.fromkeys(ref for value in values for ref in value.refs)
    operations = dict.fromkeys(name for value in values for name in value.operations)
    worst = max([how, *(value.how for value in values)], key=_RANK.index)
    return Value(tuple(refs), worst, _any_many(values), tuple(operations))


def _any_many(values: list[Value]) -> bool:
    return any(value.many for value in values)


class Selected:
    """What one statement gives: its outputs, and which columns are bound to be equal."""

    def __init__(self) -> None:
        self.outputs: list[Value] = []
        """One per column of the result."""
        self.equal: list[tuple[Value, Value]] = []
        """Pairs that every row has equal, by ``ON`` and ``WHERE``; one may be given."""
        self.grouped: list[Ref] = []
        """Columns whose values are one in each group of rows."""

    def __repr__(self) -> str:
        return f"<Selected {len(self.outputs)} outputs>"


def merged(branches: list[list[Value]]) -> list[Value]:
    """Return the outputs of a ``UNION``, whose rows do not tell from which part they are."""
    width = min((len(branch) for branch in branches), default=0)
    columns = ([branch[position] for branch in branches] for position in range(width))
    return [
        replace(joined([value for value in column if value.refs], SAME), branches=len(branches))
        for column in columns
    ]
