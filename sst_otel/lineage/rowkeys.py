"""Small values of a person's row where a text is made of them: ``f"u-{user.id}, {user.gender}"``.

Ids of young applications, ages and genders of one letter are objects that the interpreter shares,
so they carry no mark. The expression tells: what is read is called ``id`` or ``gender``, and the
object it is read from holds marked values of one person, of whom that very value is known too.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.scanning import bases, fields_of, module_of, name_of
from sst_otel.lineage.small import remember_here
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.tags import Owner
from sst_otel.tracebacks import drop_own_entry

_guarded = guard("lineage")

_OWN_KEYS = frozenset({"id", "pk"})
KEYS = _OWN_KEYS | {
    *("user_id", "customer_id", "account_id", "member_id", "person_id", "owner_id", "userid"),
    *("patient_id", "employee_id", "student_id", "subscriber_id", "uid", "UserId", "userId"),
}
"""Names of columns that hold the key of a person."""
SMALL_FIELDS = KEYS | {
    *("gender", "sex", "geschlecht", "sexe", "sexo", "genre", "genero", "Gender", "Sex"),
    *("age", "alter", "edad", "Age", "height", "weight", "height_cm", "weight_kg"),
}
"""Names of what is often a letter or a small number."""
_LARGEST = 256
"""Up to here the interpreter shares numbers; others are marked as any value is."""
_STATE = "small_keys"
_MOST_FIELDS = 200


def key(result: Any, name: str, receiver: Any) -> Any:
    """Return ``result`` of ``receiver.name`` or ``receiver[name]``, evaluated in place."""
    if IDS and _is_small(result):
        with _guarded:
            _settle(result, name, receiver)
    return result


def key_of(receiver: Any, name: str) -> Any:
    """Return ``receiver.name``."""
    try:
        result = getattr(receiver, name)
    except BaseException as error:
        drop_own_entry(error)
        raise
    return key(result, name, receiver)


def item_of(receiver: Any, name: str) -> Any:
    """Return ``receiver[name]``."""
    try:
        result = receiver[name]
    except BaseException as error:
        drop_own_entry(error)
        raise
    return key(result, name, receiver)


def _is_small(value: Any) -> bool:
    kind = type(value)
    return 0 < value <= _LARGEST if kind is int else kind is str and len(value) == 1


def _settle(result: int | str, name: str, receiver: Any) -> None:
    scope = current_scope()
    if scope is PROCESS or not scope.spend():
        return
    known = _small_of(scope)
    if not any(value == result for _, value in known):
        return
    owner = _owner_in(receiver, name, result, scope)
    if owner is None:
        return
    is_key = name in KEYS
    if is_key and not _is_called(owner, result):
        return
    found = [
        datum
        for datum in known.get((owner.ref, result), ())
        if (datum.data_type == "user_id") is is_key and type(datum.value) is type(result)
    ]
    if len(found) == 1:
        remember_here(result, (found[0],))


def _owner_in(receiver: Any, name: str, value: int | str, scope: Scope) -> Owner | None:
    """Return whose row ``receiver`` is; a form without other values is the scope's person's."""
    kind = type(receiver)
    if _is_proxy(kind):
        return scope.owner
    owners = _owners_in(_values_of(receiver), name, value)
    if name in KEYS:
        owners = [owner for owner in owners if _is_called(owner, value)]
    elif not owners and issubclass(kind, dict) and module_of(kind).startswith("werkzeug"):
        return scope.owner or scope.visitor
    return owners[0] if len(owners) == 1 else None


def _small_of(scope: Scope) -> dict[tuple[str, Any], list[Datum]]:
    """Return the small values that were tagged in ``scope``, by person and value."""
    data = scope.data
    nothing: dict[tuple[str, Any], list[Datum]] = {}
    former, known, done = scope.state.get(_STATE) or (data, nothing, 0)
    if former is not data:
        known, done = {}, 0
    size = len(data)
    if done < size:
        for datum in islice(data, done, size):
            if _is_small(datum.value):
                known.setdefault((datum.owner.ref, datum.value), []).append(datum)
        scope.state[_STATE] = (data, known, size)
    return known


def _is_called(owner: Owner, number: int | str) -> bool:
    return owner.id is not None and owner.id.rpartition(":")[2] == str(number)


def _is_proxy(kind: type) -> bool:
    """Whether this is the kind of ``current_user``: it stands for the scope's person."""
    return name_of(kind) == "LocalProxy" and module_of(kind).startswith("werkzeug")


def _values_of(receiver: Any) -> Mapping[str, Any]:
    """Return what a row holds by name, without running code of the application."""
    kind = type(receiver)
    if issubclass(kind, dict):
        pairs = dict.items(receiver)  # a form has a list of values under each name
        return {k: v[0] if type(v) is list and v else v for k, v in pairs if type(k) is str}
    if issubclass(kind, tuple):
        names = next((vars(base).get("_fields") for base in bases(kind)), None)
        return dict(zip(names, tuple.__iter__(receiver), strict=False)) if names else {}
    module = module_of(kind)
    if module == "sqlite3" and name_of(kind) == "Row":
        return dict(zip(receiver.keys(), tuple(receiver), strict=False))
    if module == "sqlalchemy.engine.row":  # a row, or its mapping
        row = getattr(receiver, "_mapping", receiver)
        return dict(zip(map(str, row), row.values(), strict=False))
    return fields_of(receiver)


def _owners_in(values: Mapping[str, Any], name: str, small: int | str) -> list[Owner]:
    """Return the people whose values stand in a row beside ``small`` under ``name``.

    Where a row names somebody by another column with that number, its own ``id`` is no person's.
    """
    owners: dict[Owner, None] = {}
    for other, value in islice(values.items(), _MOST_FIELDS):
        if value is None:
            continue
        if value is small:  # a shared object, so no comparison is needed
            if name in _OWN_KEYS and other != name and other.lower().endswith("id"):
                return []
            continue
        entry = IDS.get(id(value))
        if entry is not None and not entry.composed:
            owners.update((datum.owner, None) for datum in entry.data if not datum.parents)
    return list(owners)
