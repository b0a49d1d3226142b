"""Django's ORM as a source: loaded and new objects are tagged as data of the row's person.

The models are described to SQLAlchemy as tables, once, so that whose a row is follows from the same
knowledge as everywhere; statements by hand in the same application are understood by it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from sst_otel.beside import watching
from sst_otel.patching import Patches
from sst_otel.sources.accounts import LOGIN
from sst_otel.sources.directory import Directory
from sst_otel.sources.known_tables import override_of_class
from sst_otel.sources.mapped_objects import MappedObjects
from sst_otel.sources.mapper_plan import MapperPlan, mapper_plan
from sst_otel.sources.people import People
from sst_otel.tagging import Tagger

_PLACE = "source.django_models"
_BASE = "django.db.models.base"


def install(
    tagger: Tagger, people: People, directory: Directory, models: Mapping[str, Any]
) -> Patches:
    """Tag every object that is loaded or saved; ``models`` as in sst.yaml."""
    patches = Patches(_PLACE)
    tables = _Tables()
    objects = MappedObjects(
        _PLACE, tagger, directory, partial(_plan, tables=tables, people=people, models=models)
    )

    def populated(apps: Any, *_: Any) -> None:
        if apps.ready:
            tables.describe(apps)

    def loaded(_model: Any, instance: Any, *_: Any) -> None:
        objects.loaded(instance)

    def listen(models: ModuleType) -> None:
        signals = models.signals

        def saving(instance: Any = None, **_: Any) -> None:
            objects.inserting(instance)

        def saved(instance: Any = None, created: bool = False, **_: Any) -> None:
            if created:
                objects.inserted(instance)
            else:
                objects.updated(instance)

        for name, act in (("pre_save", saving), ("post_save", saved)):
            signal = getattr(signals, name)
            signal.connect(act, weak=False)
            patches.installed.append(f"django.db.models.signals:{name}")
            patches.on_undo(partial(signal.disconnect, act))

    def created(_queries: Any, made: Any, args: Any, kwargs: Mapping[str, Any]) -> None:
        # Of rows that may have been there before it is not known whether they were written.
        upserts = kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts")
        if type(made) is list and not upserts and len(args) < 3:
            for instance in made:
                if instance.pk is not None:
                    objects.inserted(instance)

    def changed(_queries: Any, _count: Any, args: Any, kwargs: Mapping[str, Any]) -> None:
        given: Any = args[0] if args else kwargs.get("objs")
        for instance in given if type(given) in (list, tuple) else ():  # others are used up
            objects.updated(instance)

    for name, act in (("bulk_create", created), ("bulk_update", changed)):
        patches.wrap("django.db.models.query", f"QuerySet.{name}", watching(_PLACE, act))
    patches.wrap("django.apps.registry", "Apps.populate", watching(_PLACE, populated))
    patches.wrap(_BASE, "Model.from_db", watching(_PLACE, loaded))
    # The whole package: connecting to a signal imports from it.
    patches.when_imported("django.db.models", listen)
    patches.when_imported("django.apps.registry", lambda module: populated(module.apps))
    return patches


class _Tables:
    """Models of Django as tables of SQLAlchemy."""

    def __init__(self) -> None:
        from sqlalchemy import MetaData

        self._metadata = MetaData()

    def describe(self, apps: Any) -> None:
        """Describe every model of an application's registry that has a table."""
        for model in apps.get_models(include_auto_created=True, include_swapped=False):
            self.of(model)

    def of(self, model: Any) -> Any:
        """Return the table of a model, described now if it is new."""
        from sqlalchemy import Column, ForeignKey, Table

        options = model._meta
        name = options.db_table.strip('"')
        known = self._metadata.tables.get(name)
        if known is not None:
            return known
        columns = []
        for field in options.local_concrete_fields:
            target = field.remote_field and field.target_field
            keys: tuple[Any, ...] = ()
            if target:
                other = target.model._meta.db_table.strip('"')
                keys = (ForeignKey(f"{other}.{target.column}"),)
            columns.append(
                Column(
                    field.column,
                    _type_of(target or field),
                    *keys,
                    primary_key=field.primary_key,
                    unique=field.unique,
                )
            )
        info = {LOGIN: True} if options.label == _account_model() else {}
        return Table(name, self._metadata, *columns, info=info)


def _account_model() -> str:
    from django.conf import settings

    return str(getattr(settings, "AUTH_USER_MODEL", ""))


def _type_of(field: Any) -> Any:
    """Return the type of SQLAlchemy for what a field's column holds."""
    import sqlalchemy

    kinds: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("JSONField", sqlalchemy.JSON),
        ("DateTimeField", sqlalchemy.DateTime),
        ("DateField", sqlalchemy.Date),
        ("TimeField", sqlalchemy.Time),
        ("DecimalField", sqlalchemy.Numeric),
        ("FloatField", sqlalchemy.Float),
        ("BooleanField", sqlalchemy.Boolean),
        ("BinaryField", sqlalchemy.LargeBinary),
        ("IntegerField", sqlalchemy.Integer),
        ("AutoField", sqlalchemy.Integer),
        ("UUIDField", sqlalchemy.Uuid if hasattr(sqlalchemy, "Uuid") else sqlalchemy.String),
    )
    names = [base.__name__ for base in type(field).__mro__]
    for name, kind in kinds:
        if name in names:
            return kind()
    return sqlalchemy.Text()


def _plan(model: Any, tables: _Tables, people: People, models: Mapping[str, Any]) -> MapperPlan:
    fields = model._meta.concrete_fields
    names = {field.attname: field.column for field in fields}
    table = tables.of(model)
    override = override_of_class(model, names, models)
    homes = {field.attname: tables.of(field.model) for field in fields}
    stored = {name: homes[name].columns[column] for name, column in names.items()}
    return mapper_plan(table, stored, people, override)
