"""Work outside of requests: one scope a job, whoever runs it (a task, a command, a ``with`` block).

Its arguments come from outside, so those that are personal by their names are tagged like the
fields of a form.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from contextvars import ContextVar, Token
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from sst_otel.lifetime import awaken, end_scope
from sst_otel.lineage import put_away
from sst_otel.scope import PROCESS, Scope, current_scope, leave_scope, open_scope
from sst_otel.tags import Owner

if TYPE_CHECKING:
    from sst_otel.tagging import Tagger

_open: ContextVar[tuple[tuple[object, Scope, Token[Scope]], ...]] = ContextVar(
    "sst_jobs", default=()
)
"""The jobs this thread or task is in, outermost first, by what :func:`begin` was given."""


def begin(key: object, name: str, owner: Owner | None = None) -> Scope:
    """Open a scope called ``name``, make it current and return it; ``key`` is for :func:`end`.

    ``owner``: whose the job's data are. Without one, a job inside a request or another job goes on
    with that one's person and with what is known there.
    """
    outer = current_scope()
    inherits = owner is None and outer is not PROCESS
    scope = Scope(outer.known_owner if inherits else None, name)
    awaken(scope)
    if owner is not None:
        scope.set_owner(owner)
    elif inherits:
        scope.outer = outer
        scope.data.update(outer.data)
        scope.live = not outer.exhausted
    _open.set((*_open.get(), (key, scope, open_scope(scope))))
    return scope


def end(key: object) -> None:
    """Close the innermost scope that was opened with ``key``, and what is still open inside it.

    Only in the thread or task that opened it; elsewhere, and without one, nothing happens.
    """
    jobs = _open.get()
    for position in range(len(jobs) - 1, -1, -1):
        if jobs[position][0] is key:
            _open.set(jobs[:position])
            for _, scope, token in reversed(jobs[position:]):
                try:
                    leave_scope(token)
                    put_away.keep_held(scope)
                finally:
                    end_scope(scope)
            return


def tag_arguments(
    tagger: Tagger, scope: Scope, pairs: Iterable[tuple[str, Any]], kind: str, context: str
) -> None:
    """Tag the personal ones of a job's named arguments, containers looked into.

    ``kind`` names the place (``task_argument``), ``context`` the job. Where no owner is known, an
    argument called ``user_id``, ``owner_id`` or ``account_id`` names it, an entry of the only
    dictionary among them, or the one person who is known to have a rare value that stands among the
    arguments. Such values stay as they are known. Each record of a list has its person by itself.
    """
    from sst_otel.sources.records import tag_records  # `import sst_otel` stays light

    tag_records(tagger, scope, dict(pairs), kind, context)


def signature_of(function: Any) -> inspect.Signature | None:
    """Return what a function is called with; None for what is not written in Python."""
    if type(function) not in (FunctionType, MethodType):
        return None
    return inspect.signature(function)


def named_arguments(
    signature: inspect.Signature | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return a job's arguments by the names of its parameters; those without a name are left out.

    ``signature``: of what the job calls, None where it is not known.
    """
    if signature is None:
        return kwargs
    try:
        named = dict(signature.bind_partial(*args, **kwargs).arguments)
    except TypeError:
        return kwargs  # the job will fail by itself
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            named.pop(parameter.name, None)
        elif parameter.kind is parameter.VAR_KEYWORD:
            named.update(named.pop(parameter.name, {}))
    return named
