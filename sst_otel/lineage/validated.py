"""What libraries make of the values they validate or load: a date of a text, a trimmed name.

Most of it happens in code that is not rewritten (pydantic's core is Rust). What comes out beside
what went in under the same name is the same datum. Objects that pass through as they are keep their
marks by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sst_otel.beside import async_watching, watching
from sst_otel.guard import guard
from sst_otel.lineage import marks
from sst_otel.lineage.small import entry_of, is_small
from sst_otel.patching import Patches
from sst_otel.registry.identity import MARKABLE, Mark
from sst_otel.scope import current_scope

_PLACE = "lineage.validated"
_FASTAPI = "fastapi.dependencies.utils"
_MOST_NODES = 500
_MOST_MODELS = 500
_aliases: dict[int, tuple[type, dict[str, tuple[str, ...]]]] = {}
"""By the ``id`` of a model, which is held so that it is exact: a class may be unhashable."""
_guarded = guard(_PLACE)
_Args = tuple[Any, ...]
_Kwargs = Mapping[str, Any]
_Pair = Callable[[Any, Any, _Args, _Kwargs], "tuple[Any, Any]"]
"""``pair(instance, result, args, kwargs)`` → what was given and what was made of it."""


def install() -> Patches:
    """Watch pydantic, marshmallow, cattrs, WTForms, Django's forms and its REST framework.

    And what peewee and Tortoise make of the rows they load.
    """
    patches = Patches(_PLACE)
    for module, path, pair in _WATCHED:
        patches.wrap(module, path, watching(_PLACE, _following(pair), _idle), optional=True)
    patches.when_imported(_FASTAPI, lambda _: _watch_parameters(patches))
    return patches


def _watch_parameters(patches: Patches) -> None:
    """Watch what FastAPI makes of parameters where pydantic 1 validates each by itself."""
    import pydantic  # it is there: FastAPI has imported it

    if pydantic.VERSION.startswith("1."):
        after = _following(_parameters)
        patches.wrap(_FASTAPI, "request_params_to_args", watching(_PLACE, after, _idle))
        patches.wrap(_FASTAPI, "request_body_to_args", async_watching(_PLACE, after, _idle))


def _idle() -> bool:
    return not current_scope().live


def _following(pair: _Pair) -> Callable[[Any, Any, _Args, _Kwargs], None]:
    def after(instance: Any, result: Any, args: _Args, kwargs: _Kwargs) -> None:
        follow(*pair(instance, result, args, kwargs))

    return after


def follow(given: Any, made: Any) -> None:
    """Mark the values in ``made`` that stand where marked ones of ``given`` stood.

    What stands elsewhere (a validator has put the tree in another shape) is known by its value.
    Looked into: mappings, lists, tuples and the attributes that objects hold themselves, in
    500 places. Nothing of the application's is called.
    """
    moved: list[Any] = []
    for before, after in _leaves(given, made):
        source = entry_of(before) if type(before) in MARKABLE else None
        if source is not None:
            marks.carry(after, source, type(after).__name__)
        elif entry_of(after) is None:
            moved.append(after)
    if moved:
        sources = {_plain(value): entry for value, entry in _marked_in(given)}
        for value in moved:
            source = sources.get(_plain(value)) if not is_small(value) else None
            if source is not None:
                marks.carry(value, source, type(value).__name__)


def _leaves(given: Any, made: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each value in ``made`` that is another object, and what stood there in ``given``."""
    waiting = [(given, made)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        before, after = waiting.pop()
        if before is after:
            continue
        kind = type(after)
        if kind in MARKABLE:
            yield before, after
        elif kind is list or issubclass(kind, tuple):
            items = _items(after)
            given_items = _items(before)
            alike = len(given_items) == len(items)
            waiting.extend(zip(given_items if alike else [None] * len(items), items, strict=True))
        else:
            waiting.extend(_fields(before, after))


def _items(value: Any) -> Sequence[Any]:
    """Return what a list or a tuple of any kind holds; nothing for anything else."""
    if type(value) is list:
        return value
    return tuple.__getitem__(value, slice(None)) if issubclass(type(value), tuple) else ()


def _marked_in(given: Any) -> Iterator[tuple[Any, Mark]]:
    """Yield the values in ``given`` that are somebody's."""
    for _, value in _leaves(None, given):
        entry = entry_of(value)
        if entry is not None:
            yield value, entry


def _plain(value: Any) -> Any:
    """Return what is the same for a value and for what it has been converted to."""
    if type(value) in marks.NUMBERS:
        return float(value)
    if type(value) is not str:
        return str(value)
    try:
        return float(value)
    except ValueError:
        return value.strip().casefold()


def _fields(before: Any, after: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what a mapping or object holds, and what another has under the same name or None."""
    made = _held(after)
    if made is None:
        return
    given, others = _held(before) or {}, _other_names(type(after))
    for name, value in made.items():
        key = next((key for key in (name, *others.get(name, ())) if key in given), None)
        yield None if key is None else given[key], value


def _held(item: Any) -> dict[Any, Any] | None:
    if isinstance(item, dict):
        return dict(dict.items(item))
    held = getattr(item, "__dict__", None) if not isinstance(item, type) else None
    return held if type(held) is dict else None


def _other_names(kind: type) -> dict[str, tuple[str, ...]]:
    """Return the aliases of a pydantic model's fields."""
    known = _aliases.get(id(kind))
    if known is not None:
        return known[1]
    held = vars(kind)
    fields = held.get("__pydantic_fields__") or held.get("__fields__") or {}
    found = {}
    for name, field in fields.items() if type(fields) is dict else ():
        aliases = (getattr(field, "validation_alias", None), getattr(field, "alias", None))
        told = tuple(dict.fromkeys(alias for alias in aliases if type(alias) is str))
        if told:
            found[name] = told
    if len(_aliases) < _MOST_MODELS:
        _aliases[id(kind)] = (kind, found)
    return found


def _argument(name: str, position: int = 0) -> _Pair:
    def pair(_instance: Any, result: Any, args: _Args, kwargs: _Kwargs) -> tuple[Any, Any]:
        given = args[position] if len(args) > position else kwargs.get(name)
        return given, result

    return pair


def _attributes(given: str, made: str) -> _Pair:
    def pair(instance: Any, _result: Any, _args: Any, _kwargs: Any) -> tuple[Any, Any]:
        held = vars(instance)
        return held.get(given), held.get(made)

    return pair


def _made_of_keywords(instance: Any, _result: Any, _args: Any, kwargs: _Kwargs) -> tuple[Any, Any]:
    return dict(kwargs), instance


def _loaded_from_keywords(_model: Any, result: Any, _args: Any, kwargs: _Kwargs) -> tuple[Any, Any]:
    return dict(kwargs), result


def _parameters(_instance: Any, result: Any, args: _Args, kwargs: _Kwargs) -> tuple[Any, Any]:
    received = [*args, *kwargs.values()][1]  # the first says which are wanted
    return received, result[0]


def _form_field(instance: Any, _result: Any, _args: Any, _kwargs: Any) -> tuple[Any, Any]:
    held = vars(instance)
    return (held.get("raw_data") or [None])[0], held.get("data")


_WATCHED: tuple[tuple[str, str, _Pair], ...] = (
    ("pydantic.type_adapter", "TypeAdapter.validate_python", _argument("object")),
    ("pydantic.main", "BaseModel.__init__", _made_of_keywords),
    ("pydantic.main", "BaseModel.model_validate", _argument("obj")),
    ("pydantic.v1.main", "BaseModel.__init__", _made_of_keywords),
    ("marshmallow.schema", "Schema.load", _argument("data")),
    ("cattrs.converters", "BaseConverter.structure", _argument("obj")),
    ("wtforms.fields.core", "Field.process", _form_field),
    ("django.forms.forms", "BaseForm.full_clean", _attributes("data", "cleaned_data")),
    ("rest_framework.serializers", "Serializer.run_validation", _argument("data")),
    ("peewee", "ModelCursorWrapper.process_row", _argument("row")),
    ("peewee", "ModelDictCursorWrapper.process_row", _argument("row")),
    ("peewee", "ModelTupleCursorWrapper.process_row", _argument("row")),
    ("tortoise.models", "Model._init_from_db", _loaded_from_keywords),
)
