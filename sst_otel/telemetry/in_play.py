"""What of whom is in play in a request or job, as attributes of its spans and log records."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256  # taken before it is hooked
from itertools import islice
from typing import Any

from sst_otel import semconv
from sst_otel.registry.datum import Datum
from sst_otel.scope import PROCESS, Scope
from sst_otel.tagging import Tagger
from sst_otel.tags import Owner

MOST_TAGS = 20
"""Tags that are named one by one; of more there is an id of the set besides."""
_MADE = "in_play"
_NOTHING: Mapping[str, Any] = {}


class InPlay:
    """Names the person and the tags of a scope. ``tagger`` mints the ids that nobody asked for."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger

    def attributes(self, scope: Scope) -> Mapping[str, Any]:
        """Return the attributes for ``scope`` as it is now; empty while nothing is known.

        The same object as long as nothing has come to it. Never asks the application who it is:
        the owner is the one that was asked for when something was tagged.
        """
        size = len(scope.data)
        if not size or scope is PROCESS:
            return _NOTHING
        owner = _owner_of(scope)
        known = scope.state.get(_MADE)
        if known is not None and known[0] == size and known[1] is owner and known[2] is scope.data:
            found: Mapping[str, Any] = known[3]
            return found
        owner_ref, data = people_of(scope)
        ids = tuple(self._tagger.tag(datum).tag_id for datum in data)
        attributes: dict[str, Any] = {}
        if owner_ref:
            attributes[semconv.OWNER_REF] = owner_ref
        attributes[semconv.TAG_IDS] = ids
        if size > MOST_TAGS:
            attributes[semconv.TAG_SET] = _set_id(ids, size)
        scope.state[_MADE] = (size, owner, scope.data, attributes)
        return attributes

    def settle(self, scope: Scope) -> None:
        """Have a visitor who has logged in meanwhile be that person; ``scope`` must be open."""
        self._tagger.settle(scope)


def people_of(scope: Scope) -> tuple[str, tuple[Datum, ...]]:
    """Return the owner_ref of a scope's person, ``""`` for nobody or several, and its first data.

    Never asks the application: the owner is the one that was asked for when something was tagged.
    """
    data = tuple(islice(scope.data, MOST_TAGS))
    owner = _owner_of(scope)
    if owner is not None:
        return owner.ref, data
    people = {datum.owner.ref for datum in data} - {""}
    return people.pop() if len(people) == 1 else "", data


def _owner_of(scope: Scope) -> Owner | None:
    return scope.owner or scope.visitor or scope.hinted


def _set_id(ids: tuple[str, ...], size: int) -> str:
    """Return an id of a set by its first tags and its size: minting all would cost too much."""
    return "set_" + sha256(f"{size}|{'|'.join(ids)}".encode()).hexdigest()[:20]
