"""SQLAlchemy's ORM as a source: loaded rows are tagged as data of the person the row is about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import ModuleType
from typing import Any

from sst_otel.patching import Patches
from sst_otel.sources.directory import Directory
from sst_otel.sources.known_tables import override_of_class
from sst_otel.sources.mapped_objects import MappedObjects
from sst_otel.sources.mapper_plan import MapperPlan, mapper_plan
from sst_otel.sources.people import People
from sst_otel.tagging import Tagger


def install(
    tagger: Tagger, people: People, directory: Directory, models: Mapping[str, Any]
) -> Patches:
    """Tag every ORM load, refresh and new account; ``models`` as in sst.yaml."""
    patches = Patches("source.sqlalchemy")
    objects = MappedObjects(
        "source.sqlalchemy", tagger, directory, partial(_plan, people=people, models=models)
    )

    def listen(orm: ModuleType) -> None:
        from sqlalchemy import event

        mapper = orm.Mapper
        listeners = (
            ("load", objects.loaded),
            ("refresh", objects.loaded),
            ("before_insert", lambda _mapper, _connection, target: objects.inserting(target)),
            ("after_insert", lambda _mapper, _connection, target: objects.inserted(target)),
            ("after_update", lambda _mapper, _connection, target: objects.updated(target)),
        )
        for name, act in listeners:
            event.listen(mapper, name, act)
            patches.installed.append(f"sqlalchemy.orm:Mapper {name}")

        def remove() -> None:
            for name, act in listeners:
                event.remove(mapper, name, act)

        patches.on_undo(remove)

    patches.when_imported("sqlalchemy.orm", listen)
    return patches


def _plan(model: type, people: People, models: Mapping[str, Any]) -> MapperPlan:
    from sqlalchemy import inspect

    mapper: Any = inspect(model)
    stored = {
        attribute.key: attribute.columns[0]
        for attribute in mapper.column_attrs
        if getattr(attribute.columns[0], "table", None) is not None
    }
    names = {attribute: column.name for attribute, column in stored.items()}
    table = mapper.local_table
    override = override_of_class(model, names, models)
    return mapper_plan(table, stored, people, override)
