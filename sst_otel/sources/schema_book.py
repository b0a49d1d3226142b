"""Tables known by what statements say of them, where no SQLAlchemy metadata describes them.

``CREATE TABLE`` tells columns, keys and references; other statements name some columns, and the
rest is guessed from names. Looks like ``sqlalchemy.MetaData`` as far as
:class:`~sst_otel.sources.people.People` reads it, so that both kinds are planned by one rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sst_otel.locks import new_lock
from sst_otel.sources.nouns import noun_of

_MOST_TABLES = 2_000
_MOST_COLUMNS = 500
_KEY_NAMES = ("id", "uuid", "guid", "pk")


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key."""

    target_fullname: str
    """``table.column``"""


@dataclass(frozen=True, slots=True)
class _Type:
    """A column's type, as far as it matters: whether it is text."""

    python_type: type


_TEXT, _UNKNOWN = _Type(str), _Type(object)


@dataclass(frozen=True, slots=True)
class NamedColumn:
    """A column as far as a statement told."""

    name: str
    primary_key: bool = False
    foreign_keys: tuple[Reference, ...] = ()
    type: _Type = _UNKNOWN


@dataclass(frozen=True, slots=True)
class _Key:
    columns: tuple[NamedColumn, ...]
    unique: bool = True

    def __iter__(self) -> Any:
        return iter(self.columns)


class _Columns(dict[str, NamedColumn]):
    """Columns by name; iterated as SQLAlchemy's collections are."""

    def __iter__(self) -> Any:
        return iter(self.values())


@dataclass(frozen=True, eq=False, slots=True)
class NamedTable:
    """One table of a :class:`SchemaBook`, as of one version of it."""

    name: str
    columns: _Columns
    metadata: SchemaBook
    indexes: tuple[_Key, ...] = ()
    constraints: tuple[_Key, ...] = ()
    schema: str | None = None
    declared: bool = False
    """Whether a ``CREATE TABLE`` told its columns, not only what other statements name."""

    @property
    def current(self) -> NamedTable:
        """The table as it is known by now."""
        return self.metadata.tables.get(self.name, self)

    @property
    def primary_key(self) -> _Key:
        """The key as declared, else as its name tells; of several columns or none: nobody's."""
        return _Key(tuple(column for column in self.columns if column.primary_key))


@dataclass
class Declared:
    """What ``CREATE TABLE`` says."""

    columns: dict[str, NamedColumn] = field(default_factory=dict)
    unique: list[tuple[str, ...]] = field(default_factory=list)


class SchemaBook:
    """All tables that plain SQL has named so far. Grows only, so that plans settle."""

    def __init__(self, is_personal: Callable[[str], bool]) -> None:
        self._is_personal = is_personal
        self.version = 0
        """Counts what was learnt: plans of older versions are made again."""
        self.tables: dict[str, NamedTable] = {}
        self._seen: dict[str, dict[str, None]] = {}
        self._declared: dict[str, Declared] = {}
        self._lock = new_lock()

    def __repr__(self) -> str:
        return f"<SchemaBook of {len(self.tables)} tables>"

    def note(self, table: str, columns: Iterable[str]) -> NamedTable:
        """Return the table, knowing these columns of it."""
        name = table.lower()
        with self._lock:
            seen = self._seen.get(name, {})
            new = [column for column in columns if column not in seen]
            if new or name not in self.tables:
                if name in self._seen or len(self._seen) < _MOST_TABLES:
                    seen = self._seen.setdefault(name, seen)
                seen = self._seen[name] = {**seen, **dict.fromkeys(new[:_MOST_COLUMNS])}
                self._make(name)
            return self.tables[name]

    def declare(self, table: str, declared: Declared) -> None:
        """Take a ``CREATE TABLE``."""
        name = table.lower()
        with self._lock:
            if self._declared.get(name) != declared and len(self._declared) < _MOST_TABLES:
                self._declared[name] = declared
                self._make(name)

    def _make(self, name: str) -> None:
        declared = self._declared.get(name)
        columns = dict(declared.columns) if declared is not None else {}
        seen = [column for column in self._seen.get(name, ()) if column not in columns]
        key = None if declared is not None else self._key(name, seen)
        if key is not None and key not in seen:
            columns[key] = NamedColumn(key, True)
        columns.update({column: NamedColumn(column, column == key) for column in seen})
        constraints = tuple(
            _Key(tuple(columns[column] for column in key if column in columns))
            for key in (declared.unique if declared is not None else ())
        )
        self.tables[name] = NamedTable(
            name, _Columns(columns), self, (), constraints, None, declared is not None
        )
        self.version += 1

    def _key(self, table: str, columns: list[str]) -> str | None:
        """Return the column that tells rows apart, by its name.

        Only of people: a guest's order would be its own person, but for a column of it that no
        statement has named yet.
        """
        noun = noun_of(table)
        names = (*_KEY_NAMES, f"{noun}_id", f"{noun}id", f"id_{noun}")
        found = [column for column in columns if column.lower() in names]
        if not table or not self._is_personal(table):
            return None
        if not found:
            return _KEY_NAMES[0]  # not named yet
        return min(found, key=lambda column: names.index(column.lower()))


def declared_by(tree: Any, exp: Any) -> tuple[str, Declared] | None:
    """Read a parsed ``CREATE TABLE``; None for other statements. ``exp``: the parser's types."""
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        return None
    declared = Declared()
    keys: set[str] = set()
    references: dict[str, Reference] = {}
    definitions = tree.this.expressions
    for item in definitions:
        if isinstance(item, exp.PrimaryKey):
            keys |= {column.name for column in item.expressions}
        elif isinstance(item, exp.ForeignKey):
            target = _target(item.args.get("reference"), exp)
            if target is not None and len(item.expressions) == 1:
                references[item.expressions[0].name] = target
        elif isinstance(item, exp.UniqueColumnConstraint):
            declared.unique.append(tuple(column.name for column in item.find_all(exp.Identifier)))
    for item in definitions:
        if isinstance(item, exp.ColumnDef):
            column = _column(item, keys, references, declared, exp)
            declared.columns[column.name] = column
    return tree.this.this.name, declared


def _column(
    item: Any,
    keys: set[str],
    references: dict[str, Reference],
    declared: Declared,
    exp: Any,
) -> NamedColumn:
    name = item.name
    primary = name in keys
    target = references.get(name)
    for constraint in item.args.get("constraints") or ():
        kind = constraint.args.get("kind")
        if isinstance(kind, exp.PrimaryKeyColumnConstraint):
            primary = True
        elif isinstance(kind, exp.UniqueColumnConstraint):
            declared.unique.append((name,))
        elif isinstance(kind, exp.Reference):
            target = _target(kind, exp) or target
    kind = item.args.get("kind")
    documents = (exp.DataType.Type.JSON, exp.DataType.Type.JSONB)
    text = kind is not None and kind.this in (*exp.DataType.TEXT_TYPES, *documents)
    references_to = (target,) if target is not None else ()
    return NamedColumn(name, primary, references_to, _TEXT if text else _UNKNOWN)


def _target(reference: Any, exp: Any) -> Reference | None:
    schema = reference.this if reference is not None else None
    if isinstance(schema, exp.Schema):
        column = schema.expressions[0].name if schema.expressions else "id"
        return Reference(f"{schema.this.name.lower()}.{column}")
    return Reference(f"{schema.name.lower()}.id") if isinstance(schema, exp.Table) else None
