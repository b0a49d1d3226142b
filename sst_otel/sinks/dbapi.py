"""What raw DB-API drivers send: looked at beneath whatever else stands around their cursors.

The cursors of sqlite3 and psycopg2 are C types. Where the sources put a subclass in their place,
:func:`cursors_beneath` gives the class that goes directly above the driver's own, so that a traced
cursor of OpenTelemetry, or one of the application's, has our look inside of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.pooled import called_by_sqlalchemy, pooled
from sst_otel.sinks.claims import Claim, is_claimed
from sst_otel.sinks.ending import AsyncBegin, Begin, async_ended, ended, ended_method
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.servers import shares_of
from sst_otel.sinks.share import Share
from sst_otel.sinks.statements import MAX_ROWS, is_write
from sst_otel.sinks.wrapping import Args, Kwargs

ServerOf = Callable[[Any], Server]
"""Connection → where it leads; may ask the driver, never the server."""
_SETS = (list, tuple)
_NAMES = ("params", "params_seq", "seq_params", "param_sets", "args", "vars", "vars_list")
"""What drivers call the parameters."""
_TEXTS = ("query", "operation", "state")
"""What they call the statement."""


class Statements:
    """The statements of one driver. ``dialect``: SQLAlchemy's name of what it speaks.

    ``connection_of``: what sends them (a cursor) → its connection.
    """

    def __init__(
        self,
        place: str,
        dialect: str,
        emit: Outgoing,
        server_of: ServerOf,
        connection_of: Callable[[Any], Any] = attrgetter("connection"),
    ) -> None:
        self.place = place
        self.guarded = guard(place)
        self.patches = Patches(place)
        """What is wrapped of the driver; once undone, nothing is looked at."""
        self.emit = emit
        self.dialect = dialect
        self.server_of = server_of
        self.connection_of = connection_of

    def connected(self, connection: Any) -> None:
        """Note where the application keeps its data."""
        with self.guarded:
            self.emit.ownership.connected(self.server_of(connection))

    def looks(self, connection: Any) -> bool:
        """Whether what goes over ``connection`` now is to be looked at here."""
        if not self.patches.active or self.emit.idle() or is_claimed(self.dialect):
            return False
        if connection is None:  # of a cursor that is closed, or not made yet
            return False
        how = pooled(connection)
        return not how or not (how == "threads" or called_by_sqlalchemy())

    def begin(self, connection: Any, statement: Any, sets: Any, many: bool) -> Sent | None:
        """Look at a statement and write what it shares; None when nothing is to be noted later.

        ``sets``: parameters; for ``many`` a list of them, or what gives them one by one.
        """
        with self.guarded:
            sent = self.look(connection, statement, sets, many)
            if sent is not None:
                for share in sent.shares:
                    share.write()
                sent.claim()
            return sent
        return None

    async def begin_async(
        self, connection: Any, statement: Any, sets: Any, many: bool
    ) -> Sent | None:
        """Do :meth:`begin`; the write happens off the event loop."""
        sent = self.look(connection, statement, sets, many)
        if sent is not None:
            for share in sent.shares:
                await share.write_async()
            sent.claim()
        return sent

    def look(self, connection: Any, statement: Any, sets: Any, many: bool) -> Sent | None:
        """Do the first half of :meth:`begin`: nothing is written yet."""
        if not self.looks(connection):
            return None
        text = text_of(statement, connection)
        writes = is_write(text) if text is not None else None
        if text is None or writes is None:
            return None
        server = self.server_of(connection)
        if not writes and self.emit.ownership.is_own(server):
            return None
        if many and not isinstance(sets, _SETS):
            return Sent(self, server, text, (), Passing(sets))
        given = sets if many else () if sets is None else (sets,)
        shares = shares_of(self.emit, server, text, given, self.dialect)
        return Sent(self, server, text, shares) if shares or many else None


class Passing:
    """Sets of parameters that come one by one: handed on, and the first 1,000 kept."""

    def __init__(self, sets: Any) -> None:
        self._sets = sets
        self.kept: list[Any] = []

    def __repr__(self) -> str:
        return "<sets of parameters>"

    def __bool__(self) -> bool:
        return bool(self._sets)

    def __len__(self) -> int:
        return len(self._sets)

    def __iter__(self) -> Iterator[Any]:
        for one in self._sets:
            if len(self.kept) < MAX_ROWS:
                self.kept.append(one)
            yield one


class Sent:
    """A statement on its way."""

    __slots__ = ("_claim", "_server", "_statements", "_text", "passing", "shares")

    def __init__(
        self,
        statements: Statements,
        server: Server,
        text: str,
        shares: tuple[Share, ...],
        passing: Passing | None = None,
    ) -> None:
        self._statements = statements
        self._server = server
        self._text = text
        self.shares = shares
        self.passing = passing
        """What the driver is to be given in the place of the sets, if they come one by one."""
        self._claim: Claim | None = None

    def __repr__(self) -> str:
        return f"<statement with {len(self.shares)} shares>"

    def claim(self) -> None:
        """Keep the statements that the driver makes of this one from being looked at."""
        self._claim = Claim(self._statements.dialect)

    def end(self, error: BaseException | None = None) -> None:
        """Note what became of it; what came one by one is looked at now."""
        statements = self._statements
        with statements.guarded:
            if self._claim is not None:
                self._claim.close()
            if self.passing is not None and self.passing.kept:
                self.shares = shares_of(
                    statements.emit,
                    self._server,
                    self._text,
                    self.passing.kept,
                    statements.dialect,
                )
                for share in self.shares:
                    share.write()
            for share in self.shares:
                share.end(error)


def text_of(statement: Any, connection: Any) -> str | None:
    """Return a statement as text; None for what only the driver can read."""
    if type(statement) is str:
        return statement
    if type(statement) in (bytes, bytearray):
        return bytes(statement).decode("utf-8", "replace")
    if isinstance(statement, str):
        return str.__str__(statement)
    render = getattr(statement, "as_string", None)
    if render is not None and type(statement).__module__.startswith("psycopg"):
        return str(render(connection))
    if type(statement).__module__.startswith("asyncpg."):
        return str(statement.query)
    return None


def cursors_beneath(root: Any, statements: Statements) -> type:
    """Return the subclass of a driver's cursor class ``root`` that looks at what it sends."""
    shown = {"__module__": root.__module__, "__qualname__": root.__qualname__, "__doc__": None}
    methods = {
        name: ended_method(statements.place, getattr(root, name), beginning(statements, many))
        for name, many in (("execute", False), ("executemany", True), ("executescript", False))
        if hasattr(root, name)
    }
    return type(root.__name__, (root,), {**shown, **methods})


def beginning(statements: Statements, many: bool) -> Begin:
    """Return what looks at a call of a cursor's ``execute`` or ``executemany``."""

    def begin(cursor: Any, args: Args, kwargs: Kwargs) -> tuple[Sent | None, Args, Kwargs]:
        if not statements.patches.active:
            return None, args, kwargs
        statement, sets = _given(args, kwargs)
        sent = statements.begin(statements.connection_of(cursor), statement, sets, many)
        return (sent, *(_passed(sent, args, kwargs) if sent is not None else (args, kwargs)))

    return begin


def around(statements: Statements, many: bool) -> Wrapper:
    """Return a wrapper of a Python cursor's ``execute`` or ``executemany``."""
    return ended(statements.place, beginning(statements, many))


def async_around(statements: Statements, many: bool) -> Wrapper:
    """Return the :func:`around` of an ``async`` method; the write happens off the event loop."""
    return async_ended(statements.place, looking(statements), async_beginning(statements, many))


def looking(statements: Statements) -> Callable[[Any], bool]:
    """Return what tells whether a cursor's calls are to be looked at now."""
    return lambda cursor: statements.looks(statements.connection_of(cursor))


def async_beginning(statements: Statements, many: bool) -> AsyncBegin:
    """Return the :func:`beginning` of an ``async`` method."""

    async def begin(cursor: Any, args: Args, kwargs: Kwargs) -> tuple[Sent | None, Args, Kwargs]:
        statement, sets = _given(args, kwargs)
        connection = statements.connection_of(cursor)
        sent = await statements.begin_async(connection, statement, sets, many)
        return (sent, *(_passed(sent, args, kwargs) if sent is not None else (args, kwargs)))

    return begin


def _given(args: Args, kwargs: Kwargs) -> tuple[Any, Any]:
    """Return statement and parameters, however they were named."""
    statement = args[0] if args else next((kwargs[one] for one in _TEXTS if one in kwargs), None)
    if len(args) > 1:
        return statement, args[1]
    return statement, next((kwargs[name] for name in _NAMES if name in kwargs), None)


def _passed(sent: Sent, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    """Put what watches one-by-one parameters in the place of them."""
    if sent.passing is None:
        return args, kwargs
    if len(args) > 1:
        return (args[0], sent.passing, *args[2:]), kwargs
    return args, {name: sent.passing if name in _NAMES else kwargs[name] for name in kwargs}
