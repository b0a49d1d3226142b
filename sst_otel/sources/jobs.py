"""Work outside of requests: one scope a job, whoever runs it (a task, a command, a ``with`` block).

Its arguments come from outside, so those that are personal by their names are tagged like the
fields of a form.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

from sst_otel.lifetime import awaken, end_scope
from sst_otel.lineage import put_away
from sst_otel.scope import PROCESS, Scope, current_scope, leave_scope, open_scope
from sst_otel.tags import Owner

if TYPE_CHECKING:
    from sst_otel.tagging import Tagger

_OWNER_ARGUMENTS = ("user_id", "owner_id", "account_id")
"""Arguments that name whose the others are, in this order."""
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
    argument called ``user_id``, ``owner_id`` or ``account_id`` names it, or the one person who is
    known to have values that stand among the arguments. Such values stay as they are known.
    """
    from sst_otel.tagging import scalars  # not with the package: `import sst_otel` stays light

    arguments = dict(pairs)
    leaves = list(scalars(arguments))
    people = {name: _known_owners(tagger, value) for name, value in leaves}
    if scope.known_owner() is None:
        named = next((arguments[name] for name in _OWNER_ARGUMENTS if arguments.get(name)), None)
        owners = {owner for found in people.values() for owner in found}
        if type(named) in (int, str):
            scope.set_owner(tagger.owner(named))
        elif len(owners) == 1:
            scope.set_owner(owners.pop())
    new = [(name, value) for name, value in leaves if not people[name] - {scope.owner}]
    tagger.fields(new, kind, context, scope)


def _known_owners(tagger: Tagger, value: Any) -> set[Owner]:
    """Return the people of whom a rare value is known already."""
    from sst_otel.registry.index import listed
    from sst_otel.registry.text import phrase

    if type(value) is not str or not value:
        return set()
    key = phrase(value)
    entries = [index.phrases.get(key) for index in tagger.registry.indexes()]
    data = [datum for entry in entries if entry is not None for datum in listed(entry)]
    return {datum.owner for datum in data if datum.owner.known}
