"""asyncmy as a sink: its cursors are C types, so a connection opens a subclass of them.

Nor does anything of it stand between the application and the loop's transport that the last door
could know it by: a claim tells that what its cursors write is looked at elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sst_otel.beside import noting
from sst_otel.patching import Patches, Wrapper
from sst_otel.sinks.claims import Claim
from sst_otel.sinks.dbapi import Statements, async_around
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.ownership import Server
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry

_PLACE = "sink.asyncmy"


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through asyncmy."""
    statements = Statements(_PLACE, "mysql", emit, server_of)
    patches = statements.patches
    classes: dict[type, type] = {}

    def opening(connection: Any, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        kind = (args[0] if args else kwargs.get("cursor")) or connection._cursor_cls
        if not isinstance(kind, type) or kind in classes.values():
            return args, kwargs
        if kind not in classes:
            classes[kind] = _subclass(kind, statements)
        return (classes[kind],), {}

    patches.wrap(
        "asyncmy.connection",
        "Connection.connect",
        noting(_PLACE, lambda connection, *_: statements.connected(connection)),
    )
    patches.wrap("asyncmy.connection", "Connection.cursor", noting(_PLACE, opening))
    return patches


def server_of(connection: Any) -> Server:
    """Return where a connection leads, as it was asked for."""
    name = connection._db
    if isinstance(name, bytes):
        name = name.decode("utf-8", "replace")
    host = connection._unix_socket or connection._host or ""
    return Server("mysql", host.lower(), connection._port, name or "")


def _subclass(base: Any, statements: Statements) -> type:
    shown = {"__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": None}
    methods = {
        name: _watched(getattr(base, name), statements, async_around(statements, many))
        for name, many in (("execute", False), ("executemany", True))
    }
    return type(base.__name__, (base,), {**shown, **methods})


def _watched(theirs: Any, statements: Statements, watch: Wrapper) -> Callable[..., Any]:
    async def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = theirs.__get__(self)
        claim = None
        try:
            if not statements.patches.active:
                return await bound(*args, **kwargs)
            claim = Claim(_PLACE)
            return await watch(bound, self, args, kwargs)
        except BaseException as error:
            del self, args, kwargs, bound
            drop_own_entry(error)
            raise
        finally:
            if claim is not None:
                claim.close()

    method.__name__ = theirs.__name__
    return method
