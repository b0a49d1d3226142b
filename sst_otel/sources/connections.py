"""DB-API connections as a source: a driver's ``connect`` makes our subclass of the class it would.

What one driver's connections do beside opening cursors is for the driver's own module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.beside import noting
from sst_otel.guard import guard
from sst_otel.patching import Wrapper
from sst_otel.sources.cursors import CursorSource, left_alone
from sst_otel.tracebacks import drop_own_entry

Args = tuple[Any, ...]
Chosen = Callable[[Any, Args, dict[str, Any]], "tuple[Args, dict[str, Any]]"]
"""``chosen(connection, args, kwargs)`` → the arguments of its ``cursor``, with our cursor class."""


class Connections:
    """Wraps one driver's ``connect``.

    ``usual``: the class of its connections. The application names another one by the argument
    ``name``, at ``position`` among the positional ones; ``optional`` where None means the usual.
    ``methods(base)`` gives what a subclass of ``base`` does otherwise than ``base``.
    """

    def __init__(
        self,
        place: str,
        usual: Callable[[], type],
        name: str,
        position: int,
        methods: Callable[[Any], dict[str, Any]],
        optional: bool = False,
    ) -> None:
        self._place = place
        self._usual = usual
        self._name = name
        self._position = position
        self._methods = methods
        self._optional = optional
        self._classes: dict[type, type] = {}

    def connecting(self) -> Wrapper:
        """Return the wrapper of what connects: by our subclass of whatever class it would take."""
        return noting(self._place, self._with_factory)

    def _with_factory(
        self, _module: Any, args: Args, kwargs: Mapping[str, Any]
    ) -> tuple[Args, Mapping[str, Any]]:
        usual = self._usual()
        at = self._position
        given = args[at] if len(args) > at else kwargs.get(self._name, usual)
        if given is None and self._optional:
            given = usual
        if not (isinstance(given, type) and issubclass(given, usual)):
            left_alone(self._place, "connection", given)
            return args, kwargs
        ours = self._class(given)
        if len(args) > at:
            return (*args[:at], ours, *args[at + 1 :]), kwargs
        return args, {**kwargs, self._name: ours}

    def _class(self, base: type) -> type:
        if hasattr(base, "_sst_connection"):
            return base
        found = self._classes.get(base)
        if found is None:
            about = {
                "__module__": base.__module__,
                "__qualname__": base.__qualname__,
                "__doc__": None,
                "_sst_connection": True,
            }
            found = type(base.__name__, (base,), {**about, **self._methods(base)})
            self._classes[base] = found
        return found


def cursor_method(place: str, base: Any, cursors: CursorSource, chosen: Chosen) -> Any:
    """Return ``cursor`` for a subclass of ``base``: it opens cursors that are seen to."""

    def cursor(self: Any, *args: Any, **kwargs: Any) -> Any:
        with guard(place):
            args, kwargs = chosen(self, args, kwargs)
        try:
            made = base.cursor(self, *args, **kwargs)
        except BaseException as error:
            del self, args, kwargs
            drop_own_entry(error)
            raise
        with guard(place):
            cursors.adopt(made)
        return made

    return cursor
