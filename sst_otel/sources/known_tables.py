"""The tables that the application has described to SQLAlchemy, found again by name."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from sst_otel.guard import guard, say_once
from sst_otel.locks import new_lock
from sst_otel.patching import Patches
from sst_otel.selection import read_choice

_PLACE = "source.tables"


class KnownTables:
    """Every ``MetaData`` met so far, the oldest first; none is kept alive."""

    def __init__(self) -> None:
        self._known: list[weakref.ref[Any]] = []
        self._lock = new_lock()

    def __repr__(self) -> str:
        return f"<KnownTables of {len(self._known)} MetaData>"

    def install(self) -> Patches:
        """Note every table that is described from now on."""
        patches = Patches(_PLACE)

        def listen(_sqlalchemy: ModuleType) -> None:
            from sqlalchemy import Table, event

            event.listen(Table, "after_parent_attach", self._attached)
            patches.installed.append("sqlalchemy:Table after_parent_attach")
            patches.on_undo(lambda: event.remove(Table, "after_parent_attach", self._attached))

        patches.when_imported("sqlalchemy", listen)
        return patches

    def _attached(self, _table: Any, metadata: Any) -> None:
        with guard(_PLACE):
            if not _is_ours(metadata):
                self.note(metadata)

    def note(self, metadata: Any) -> None:
        """Remember where tables are."""
        with self._lock:
            alive = [known for known in self._known if known() is not None]
            if all(known() is not metadata for known in alive):
                alive.append(weakref.ref(metadata))
            self._known = alive

    def described(self) -> Iterator[Any]:
        """Yield every table of the ``MetaData`` met so far.

        Another thread may be describing one: it is listed before it has its columns.
        """
        for known in self._known:
            metadata = known()
            if metadata is not None:
                yield from [
                    table
                    for table in list(metadata.tables.values())
                    if "foreign_keys" in vars(table)  # set when it can be asked for its columns
                ]

    def table(self, name: str, schema: str) -> Any:
        """Return the ``sqlalchemy.Table`` called ``name``, None where there is none.

        Without a ``schema`` that of the connection is meant, which only the database knows.
        """
        wanted = name.lower()
        for metadata in self._all():
            tables = metadata.tables
            found = tables.get(f"{schema}.{name}" if schema else name)
            if found is not None:
                return found
            for table in list(tables.values()):
                if table.name.lower() == wanted and schema in ("", table.schema or schema):
                    return table
        return None

    def _all(self) -> Iterator[Any]:
        yield from (found for known in self._known if (found := known()) is not None)
        for registry in _registries():
            if not _is_ours(registry.metadata):
                yield registry.metadata


def _is_ours(metadata: Any) -> bool:
    """Whether a ``MetaData`` is that of our own store, described by a thread of ours."""
    return "sst_otel" in getattr(metadata, "info", ())


def override_of(table: Any, models: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the ``models`` entry of sst.yaml for the class mapped to a table, in its columns."""
    if not models:
        return None
    for registry in _registries():
        for mapper in _mappers(registry):
            if mapper.local_table is table:
                names = {
                    attribute.key: attribute.columns[0].name for attribute in mapper.column_attrs
                }
                found = override_of_class(mapper.class_, names, models)
                if found is not None:
                    return found
    return None


def override_of_class(
    model: type, names: Mapping[str, str], models: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the entry of a class; ``names``: its attributes and their columns."""
    entry = models.get(f"{model.__module__}.{model.__qualname__}") or models.get(model.__name__)
    if not entry:
        return None
    owner = entry.get("owner")
    fields = entry.get("fields") or {}
    choice = read_choice(entry)
    unknown = sorted(choice.names - {name.lower() for name in (*names, *names.values())})
    if unknown:
        path = f"{model.__module__}.{model.__qualname__}"
        say_once(f"models.{path}", f"models: {path} has no attribute {unknown[0]!r}")
    return {
        "owner": names.get(owner, owner),
        "fields": {names.get(name, name): kind for name, kind in fields.items()},
        "handling": {column: choice.handling(name) for name, column in names.items()},
    }


def _registries() -> list[Any]:
    """Return the registries of ORM classes, of those too that are older than our listener.

    By the names of their classes: SQLAlchemy keeps them in a set, and which of two tables of one
    name is meant must not change from process to process.
    """
    orm = sys.modules.get("sqlalchemy.orm.mapper")
    all_registries = getattr(orm, "_all_registries", None)
    return sorted(all_registries(), key=_first_class) if all_registries is not None else []


def _first_class(registry: Any) -> tuple[str, str]:
    """Return module and name of the first of a registry's classes in alphabetical order."""
    classes = [mapper.class_ for mapper in _mappers(registry)]
    return min([(model.__module__, model.__qualname__) for model in classes], default=("", ""))


def _mappers(registry: Any) -> list[Any]:
    """Return the mappers of a registry; SQLAlchemy's own list raises while a class gets one.

    Another thread may be at it: classes are entered first and mapped later.
    """
    managers = [found for known in registry._managers.keyrefs() if (found := known()) is not None]
    mappers = (vars(manager).get("mapper") for manager in managers)
    return [mapper for mapper in mappers if mapper is not None]
