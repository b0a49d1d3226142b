"""The id of a person's row where a text is made of it: ``f"u-{user.id}"``.

Ids of young applications are numbers that the interpreter shares, so they carry no mark. The
expression tells: what is read is called ``id`` or ``user_id``, and the object it is read from holds
marked values of the very person whom the application knows by that number.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.scanning import bases, fields_of, module_of, name_of
from sst_otel.lineage.small import remember_here
from sst_otel.lineage.tracebacks import drop_own_entry
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.tags import Owner

_guarded = guard("lineage")

_OWN_KEYS = frozenset({"id", "pk"})
KEYS = _OWN_KEYS | {
    *("user_id", "customer_id", "account_id", "member_id", "person_id", "owner_id", "userid"),
    *("patient_id", "employee_id", "student_id", "subscriber_id", "uid", "UserId", "userId"),
}
"""Names of columns that hold the key of a person."""
_LARGEST = 256
"""Up to here the interpreter shares numbers; others are marked as any value is."""
_STATE = "small_keys"
_MOST_FIELDS = 200


def key(result: Any, name: str, receiver: Any) -> Any:
    """Return ``result`` of ``receiver.name`` or ``receiver[name]``, evaluated in place."""
    if type(result) is int and 0 < result <= _LARGEST and IDS:
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


def _settle(result: int, name: str, receiver: Any) -> None:
    scope = current_scope()
    if scope is PROCESS or not scope.spend():
        return
    keys = _keys_in(scope)
    if not any(number == result for _, number in keys):
        return
    if _is_proxy(type(receiver)):
        owner = scope.owner
    else:
        owner = _person_of(_values_of(receiver), name, result)
    datum = (
        keys.get((owner.ref, result)) if owner is not None and _is_called(owner, result) else None
    )
    if datum is not None:
        remember_here(result, (datum,))


def _keys_in(scope: Scope) -> dict[tuple[str, int], Datum]:
    """Return the small ids that were tagged in ``scope``, by person and number."""
    found: tuple[int, dict[tuple[str, int], Datum]] = scope.state.get(_STATE) or (0, {})
    done, keys = found
    size = len(scope.data)
    if done < size:
        for datum in islice(scope.data, done, size):
            value = datum.value
            if type(value) is int and value <= _LARGEST and datum.data_type == "user_id":
                keys[datum.owner.ref, value] = datum
        scope.state[_STATE] = (size, keys)
    return keys


def _is_called(owner: Owner, number: int) -> bool:
    return owner.id is not None and owner.id.rpartition(":")[2] == str(number)


def _is_proxy(kind: type) -> bool:
    """Whether this is the kind of ``current_user``: it stands for the scope's person."""
    return name_of(kind) == "LocalProxy" and module_of(kind).startswith("werkzeug")


def _values_of(receiver: Any) -> Mapping[str, Any]:
    """Return what a row holds by name, without running code of the application."""
    kind = type(receiver)
    if issubclass(kind, dict):
        return dict(dict.items(receiver))
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


def _person_of(values: Mapping[str, Any], name: str, number: int) -> Owner | None:
    """Return the one person whose values stand in a row beside the key called ``name``.

    Where a row names somebody by another column with that number, its own ``id`` is no person's.
    """
    owners: dict[Owner, None] = {}
    for other, value in islice(values.items(), _MOST_FIELDS):
        if value is None:
            continue
        if value is number:  # a shared object, so no comparison is needed
            if name in _OWN_KEYS and other != name and other.lower().endswith("id"):
                return None
            continue
        entry = IDS.get(id(value))
        if entry is not None and not entry.composed:
            owners.update((datum.owner, None) for datum in entry.data if not datum.parents)
    named = [owner for owner in owners if _is_called(owner, number)]
    return named[0] if len(named) == 1 else None
