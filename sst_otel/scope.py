"""What belongs to one request or job: its people, its values, the objects that carry them.

The scope is a hint and a life span, never the evidence of ownership: data carry their owners
themselves (design rule 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token
from itertools import islice
from typing import Any

from sst_otel.locks import new_lock
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import IDS, Mark, forget
from sst_otel.tags import NOBODY, Owner

MARKS_PER_SCOPE = 3_000
BYTES_PER_SCOPE = 4_000_000
OPERATIONS_PER_SCOPE = 20_000
"""Computed values that are looked into for one scope; then only their content is."""
DATA_PER_SCOPE = 20_000
"""Beyond these the earlier half is forgotten; the registry knows it for its own time."""
_MOST_TOGETHER = 200


class Scope:
    """One request, job or command; or the process itself, where nothing narrower is open."""

    __slots__ = (
        "_bytes",
        "_held",
        "_owner_of",
        "_spent",
        "_together",
        "_visitor",
        "composed",
        "data",
        "dropped",
        "ended_at",
        "exhausted",
        "leases",
        "live",
        "on_end",
        "on_live",
        "on_look",
        "outer",
        "owner",
        "received",
        "route",
        "shared",
        "state",
    )

    def __init__(self, owner_of: Callable[[], Owner | None] | None = None, route: str = "") -> None:
        self._owner_of = owner_of
        self.owner: Owner | None = None
        """The known owner; None until the application's own rules name one."""
        self._visitor: Owner | None = None
        self.outer: Scope | None = None
        """The scope this one is a part of: a visitor is the same in both."""
        self.route = route
        self.data: dict[Datum, None] = {}
        """Data tagged in this scope, in order: added to, or another one with the latest of them."""
        self.composed: dict[int, None] = {}
        """Keys of the composed texts in the identity table."""
        self.shared: dict[int, Any] = {}
        """Objects that more than one person's values were, by id; held so that the id is exact."""
        self._held: dict[int, int] = {}
        self._bytes = 0
        self._spent = 0
        self._together: dict[tuple[int, ...], tuple[Any, tuple[Datum, ...]]] = {}
        self.live = False
        """Whether values in it may be marked: rewritten code does nothing of ours before."""
        self.exhausted = ""
        """Which budget ran out (``marks``, ``operations``): from then on nothing is followed."""
        self.dropped = 0
        """Marks that the budget refused."""
        self.ended_at = 0.0
        self.leases: list[None] = []
        """One entry for each :class:`~sst_otel.lifetime.Lease` that has not ended."""
        self.on_look: Callable[[], None] | None = None
        """What a source wants to tag before the first payload of this scope is looked at."""
        self.on_live: Callable[[], None] | None = None
        """What a source wants to tag besides, where anything is followed in this scope at all."""
        self.received: Any = None
        """What a trusted service has said of it (:mod:`sst_otel.sources.received`)."""
        self.on_end: Callable[[], None] | None = None
        """What is still to be said of it when it ends."""
        self.state: dict[str, Any] = {}
        """Notes of sources about this scope (what was tagged already)."""

    def __repr__(self) -> str:
        return f"<Scope {self.route or 'process'}>"

    def know(self, datum: Datum) -> None:
        """Note that ``datum`` was tagged here; whoever asked for it is told of the first one.

        A job that reads rows for hours keeps the latest of them.
        """
        data = self.data
        first = not data
        data[datum] = None
        if first:
            for act in on_first_datum:
                act(self)
        elif len(data) > DATA_PER_SCOPE:
            self.data = dict.fromkeys(islice(data, DATA_PER_SCOPE // 2, None))

    def hold(self, key: int, obj: Any) -> bool:
        """Reserve room for one mark; False when the budget is used up."""
        kind = type(obj)
        size = len(obj) if kind is str or kind is bytes or kind is bytearray else 64
        held = self._held
        if len(held) >= MARKS_PER_SCOPE or self._bytes + size > BYTES_PER_SCOPE:
            if self is not PROCESS:
                self.dropped += 1
                self._exhaust("marks")
                return False
            self.release()
            held = self._held
        if key in held:
            self._bytes -= held[key]
        self._bytes += size
        held[key] = size
        if not self.live and not self.exhausted:
            self.live = True
            if self.on_live is not None:
                act, self.on_live = self.on_live, None
                act()
        return True

    def keep_text(self, text: str, data: tuple[Datum, ...], composed: bool) -> None:
        """Mark a text that was just made: :func:`sst_otel.registry.identity.mark` in one go."""
        key = id(text)
        size = len(text)
        held = self._held
        if size < 2 or key in IDS:
            return
        if len(held) >= MARKS_PER_SCOPE or self._bytes + size > BYTES_PER_SCOPE:
            if not self.hold(key, text):
                return
        else:
            self._bytes += size
            held[key] = size
        IDS[key] = Mark(text, data, composed, self)
        if composed:
            self.composed[key] = None

    def latest(self) -> Iterator[int]:
        """Yield the keys of the marks, the latest first."""
        return reversed(self._held)

    def let_go(self, key: int) -> None:
        """Give back the room of one mark."""
        self._bytes -= self._held.pop(key, 0)
        self.composed.pop(key, None)

    def spend(self, operations: int = 1) -> bool:
        """Take ``operations`` from the budget; False, and no mark is to be made, beyond it."""
        self._spent += operations
        if self._spent > OPERATIONS_PER_SCOPE and self is not PROCESS:
            self._exhaust("operations")
        return self.live

    def together(self, parts: tuple[tuple[Datum, ...], ...]) -> tuple[Datum, ...]:
        """Return the data of ``parts``, each once; the same object for the same parts.

        Programs put the same values together again and again, for one line after the other.
        """
        key = tuple(map(id, parts))
        known = self._together.get(key)
        return known[1] if known is not None else self._put_together(key, parts)

    def both(self, left: tuple[Datum, ...], right: tuple[Datum, ...]) -> tuple[Datum, ...]:
        """Return the data of two parts as :meth:`together` does."""
        known = self._together.get((id(left), id(right)))
        return known[1] if known is not None else self.together((left, right))

    def _put_together(
        self, key: tuple[int, ...], parts: tuple[tuple[Datum, ...], ...]
    ) -> tuple[Datum, ...]:
        data = tuple(dict.fromkeys([datum for part in parts for datum in part]))
        if len(self._together) < _MOST_TOGETHER:
            self._together[key] = (parts, data)  # held, so that the ids are theirs
        return data

    def _exhaust(self, budget: str) -> None:
        self.live = False
        if not self.exhausted:
            self.exhausted = budget
            count_exhausted(budget)

    def release(self) -> None:
        """Drop all marks of this scope."""
        held, self._held = self._held, {}
        self._bytes = 0
        self.live = self is PROCESS
        self._together = {}
        self.composed = {}
        self.shared = {}
        self.data = {}
        forget(list(held), self)

    def known_owner(self) -> Owner | None:
        """Ask the application's own state (session, token) who it is; None while nobody is."""
        if self._owner_of is not None:
            found = self._owner_of()
            if found is not None:
                self.owner = found
        return self.owner

    def detach(self) -> None:
        """Let go of the application's objects that told of it, now that it has ended.

        Held here, what a request was given would look as if the application had kept it.
        """
        self._owner_of = self.on_look = self.on_live = None
        self.state.clear()

    def set_owner(self, owner: Owner) -> None:
        """Take the application's word for whose this is; its rules are not asked any more."""
        self._owner_of = None
        self.owner = owner

    def owner_or_visitor(self, new_visitor: Callable[[], Owner]) -> Owner:
        """Return the known owner, else this visit's pseudonym."""
        known = self.known_owner()
        if known is not None:
            return known
        if self is PROCESS:
            return NOBODY
        if self.hinted is not None:
            return self.hinted
        if self._visitor is None:
            outer = self.outer
            self._visitor = outer.owner_or_visitor(new_visitor) if outer else new_visitor()
        return self._visitor

    @property
    def size(self) -> int:
        """Bytes of the objects that its marks hold, about."""
        return self._bytes

    @property
    def is_empty(self) -> bool:
        """Whether nothing was tagged or marked in it."""
        return not self.data and not self._held

    @property
    def hinted(self) -> Owner | None:
        """Whose it is by the word of a trusted service; nobody's account is made of that."""
        return None if self.received is None else self.received.owner

    @property
    def visitor(self) -> Owner | None:
        """The pseudonym that data of this visit were tagged with, if any were."""
        return self._visitor

    def take_visitor(self) -> Owner | None:
        """Return the pseudonym and forget it: it has become somebody."""
        visitor, self._visitor = self._visitor, None
        return visitor


on_first_datum: list[Callable[[Scope], None]] = []
"""Whom to tell of a scope when its first datum is known; they never raise."""

PROCESS = Scope()
"""Where values of background work without a scope belong; its marks are dropped in bulk."""
PROCESS.live = True

_current: ContextVar[Scope] = ContextVar("sst_scope", default=PROCESS)
_lock = new_lock()
_exhausted = {"marks": 0, "operations": 0, "scopes": 0}


def exhausted() -> dict[str, int]:
    """Return in how many scopes of this process each budget ran out.

    ``scopes``: those given up while a thread that was started in them was still running.
    """
    with _lock:
        return dict(_exhausted)


def count_exhausted(budget: str, scopes: int = 1) -> None:
    """Count scopes in which ``budget`` ran out."""
    with _lock:
        _exhausted[budget] += scopes


current_scope: Callable[[], Scope] = _current.get
"""Return the scope of this context; :data:`PROCESS` outside of any."""


def open_scope(scope: Scope) -> Token[Scope]:
    """Make ``scope`` current; hand the token to :func:`leave_scope`.

    A function that opens one inside another has asked for the outer one already, so that one comes
    to life: what is marked in the inner one is followed there.
    """
    outer = _current.get()
    outer.live = not outer.exhausted
    return _current.set(scope)


def leave_scope(token: Token[Scope]) -> None:
    """Make the scope before :func:`open_scope` current again."""
    try:  # noqa: SIM105 - a block of contextlib's costs every request as much as the rest
        _current.reset(token)
    except ValueError:  # the context was left already
        pass
