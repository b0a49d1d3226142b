"""DB-API cursors as a source: subclasses of the driver's own classes, never a proxy.

A cursor gets one of two subclasses of the class it would have had. The first notes what is
executed; rows of a statement without personal columns are then fetched by the driver's own code.
The second, which a cursor is of while it has personal rows to give, sees each row when the
application fetches it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from sst_otel.guard import guard, say_once
from sst_otel.missed import FACTORY, missed
from sst_otel.pooled import called_by_sqlalchemy, pooled
from sst_otel.sources.row_tagging import RowTagger
from sst_otel.sources.text_inserts import in_turn
from sst_otel.sources.text_plans import TextPlans
from sst_otel.suppress import is_suppressed
from sst_otel.tracebacks import drop_own_entry

_NAMES = ("query", "operation", "sql", "vars", "args", "params")
"""What drivers call the statement, then what they call its parameters."""
Beneath = Callable[[type], "type | None"]
Values = Callable[[Any, Sequence[str]], "Sequence[Any] | None"]


class CursorSource:
    """What the cursors of one driver do beside their work. ``dialect``: SQLAlchemy's name.

    ``beneath(base)``: a subclass of the driver's cursor class that goes directly above it.
    ``connection_of(cursor)``: what it sends its statements by. ``subclass(base, source)``: what a
    cursor of the class ``base`` becomes.
    """

    def __init__(
        self,
        place: str,
        dialect: str,
        rows: RowTagger,
        texts: TextPlans,
        values: Values | None = None,
        beneath: Beneath | None = None,
        connection_of: Callable[[Any], Any] = attrgetter("connection"),
        subclass: Callable[[type, CursorSource], type] | None = None,
    ) -> None:
        self.place = place
        self.active = True
        self._dialect = dialect
        self._rows = rows
        self._texts = texts
        self._values = values or row_values
        self._beneath = beneath
        self._connection_of = connection_of
        self._subclass = subclass or _cursor_class
        self._classes: dict[type, type] = {}
        self.silent = texts.silent.get
        """``silent(hash(statement))``: whether it is known to give nothing personal."""

    def cursor_class(self, base: type) -> type:
        """Return the subclass of ``base`` to use for it; ``base`` itself if it is one of ours."""
        if base in self._classes.values() or hasattr(base, "_sst_watched"):
            return base
        found = self._classes.get(base)
        if found is None:
            found = self._classes[base] = self._subclass(_above(base, self._beneath), self)
        return found

    def adopt(self, cursor: Any) -> Any:
        """Make a cursor that the application's own factory made one of ours, if it can be."""
        kind = type(cursor)
        if not hasattr(kind, "_sst_watched"):
            try:
                cursor.__class__ = self.cursor_class(kind)
            except TypeError:
                left_alone(self.place, "cursor", kind)
        return cursor

    def executed(self, cursor: Any, args: tuple[Any, ...]) -> None:
        """Prepare for the rows of what was executed; ``args``: statement, parameters."""
        own = type(cursor)
        quiet = vars(own).get("_sst_quiet", own)
        read = None
        if args and self.active:
            read = self._reader(cursor, args)
        if read is not None:
            cursor._sst_read = read
            cursor.__class__ = quiet._sst_watched
        elif own is not quiet:
            cursor.__class__ = quiet

    def _reader(self, cursor: Any, args: tuple[Any, ...]) -> Callable[[Any], None] | None:
        statement = _text(args[0], cursor)
        if statement is None or self._texts.is_silent(statement) or is_suppressed():
            return None
        if pooled(self._connection_of(cursor)) and called_by_sqlalchemy():
            return None
        given = args[1] if len(args) > 1 and type(args[1]) in (tuple, list, dict) else None
        description = cursor.description
        if description is not None:
            return self._reading(statement, description, given)
        if getattr(cursor, "name", None) is None:
            written = given if getattr(cursor, "rowcount", -1) else None
            self._texts.executed(statement, self._dialect, written, self._number(cursor))
            return None
        later: list[Callable[[Any], None] | None] = []

        def read(row: Any) -> None:
            # A cursor of the server has no description before the first row.
            if not later:
                later.append(self._reading(statement, cursor.description or (), given))
            if later[0] is not None:
                later[0](row)

        return read

    def _number(self, cursor: Any) -> Any:
        """Return the number of the one row that was just written, None where there is none."""
        # PostgreSQL's is not the row's key.
        known = self._dialect != "postgresql" and getattr(cursor, "rowcount", 0) == 1
        return getattr(cursor, "lastrowid", None) if known else None

    def _reading(
        self, statement: str, description: Sequence[Any], given: Any
    ) -> Callable[[Any], None] | None:
        names = tuple(column[0] for column in description)
        plan = self._texts.plan(statement, names, self._dialect)
        new = self._texts.returned(statement, self._dialect, given)
        tag = in_turn(new, None if plan is None else self._rows.reader(plan, given))
        if tag is None:
            return None
        values_of = self._values
        unreadable = False

        def read(row: Any) -> None:
            nonlocal unreadable
            values = row if type(row) is tuple else values_of(row, names)
            if values is not None:
                tag(values)
            elif not unreadable:
                unreadable = True
                left_alone(self.place, "row", type(row))

        return read


def left_alone(place: str, what: str, made_by: Any) -> None:
    """Count and say once that rows are not looked at, by the class or function that makes them."""
    name = (
        f"{made_by.__module__}.{made_by.__qualname__}" if hasattr(made_by, "__qualname__") else ""
    )
    missed(FACTORY, name)
    say_once(
        f"{place}.{what}",
        f"rows that come by {name or 'a factory of the application'} are not looked at: it stands "
        f"where our {what} would",
    )


def _above(base: type, beneath: Beneath | None) -> type:
    """Return ``base`` with what goes beneath between itself and the driver's own cursor class."""
    below = beneath(base) if beneath is not None else None
    if below is None:
        return base
    if base is below.__mro__[1]:
        return below
    shown = {"__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": None}
    try:
        return type(base.__name__, (base, below), shown)
    except TypeError:  # a class that cannot be inherited from beside another
        return base


def _cursor_class(base: type, source: CursorSource) -> type:
    """Return a subclass of a driver's or the application's cursor class."""
    original: Any = base
    silent = source.silent

    def execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original.execute(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            drop_own_entry(error)
            raise
        if args and type(args[0]) is str and silent(hash(args[0])) and type(self) is quiet:
            return result
        with guard(source.place):
            source.executed(self, arguments(args, kwargs))
        return result

    def executemany(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original.executemany(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            drop_own_entry(error)
            raise
        with guard(source.place):
            source.executed(self, arguments(args, kwargs)[:1])
        return result

    def fetched(name: str, several: bool) -> Callable[..., Any]:
        fetch = getattr(original, name)

        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                result = fetch(self, *args, **kwargs)
            except BaseException as error:
                del self, args, kwargs
                drop_own_entry(error)
                raise
            with guard(source.place):
                if source.active and result is not None:
                    look(self._sst_read, result, several)
            return result

        method.__name__ = name
        method.__qualname__ = f"{base.__qualname__}.{name}"
        return method

    shown = {"__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": None}
    quiet = type(base.__name__, (base,), {**shown, "execute": execute, "executemany": executemany})
    watched = type(
        base.__name__,
        (quiet,),
        {
            **shown,
            "_sst_quiet": quiet,
            "fetchone": fetched("fetchone", False),
            "fetchmany": fetched("fetchmany", True),
            "fetchall": fetched("fetchall", True),
            "__next__": fetched("__next__", False),
        },
    )
    quiet._sst_watched = watched  # type: ignore[attr-defined]
    return quiet


def look(read: Callable[[Any], None], result: Any, several: bool) -> None:
    """Show ``read`` what was fetched: a row, or (``several``) a sequence of them."""
    if not several:
        read(result)
        return
    for row in result:
        read(row)


def arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return statement and parameters, however they were named."""
    return (
        *args,
        *(
            kwargs[name]
            for name in ("query", "operation", "sql", "vars", "args", "params")
            if name in kwargs
        ),
    )


def _text(statement: Any, cursor: Any) -> str | None:
    if type(statement) is str:
        return statement
    if type(statement) is bytes:
        return statement.decode("utf-8", "replace")
    render = getattr(statement, "as_string", None)
    if render is not None and type(statement).__module__.startswith("psycopg"):
        return str(render(cursor))
    return None


def row_values(row: Any, names: Sequence[str]) -> Sequence[Any] | None:
    """Return a row's values in the order of the columns; None for a type that cannot be read.

    Rows come as the application's row factory makes them, so only what the builtin types
    themselves know of them is asked.
    """
    if isinstance(row, tuple):
        return list(tuple.__iter__(row))
    if isinstance(row, list):
        return list(list.__iter__(row))
    if isinstance(row, dict):
        fields = row
    else:
        try:
            fields = object.__getattribute__(row, "__dict__")
        except AttributeError:
            return None
    values = [dict.get(fields, name) for name in names]
    if len(fields) == len(names) and all(value is None for value in values):
        return list(dict.values(fields))  # renamed on the way
    return values
