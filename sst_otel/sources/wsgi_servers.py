"""WSGI callables of no framework that is known, by the servers that call them.

Of their requests are tagged forms, documents and queries that the application hands to a parser
(:mod:`sst_otel.sources.web_bodies`). An application in which a framework with a source of its own
is found is left to that one. Servers written in C (uWSGI, mod_wsgi) call the application straight.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from inspect import iscoroutinefunction
from types import FunctionType, MethodType, ModuleType
from typing import Any

import wrapt

from sst_otel.patching import Patches
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web_foreign import vars_of
from sst_otel.sources.wsgi import Framework, WsgiRequest
from sst_otel.tagging import Tagger

SERVERS = (
    ("gunicorn.workers.base", "Worker.load_wsgi", "wsgi"),
    ("waitress.server", "BaseWSGIServer.__init__", "application"),
    ("wsgiref.simple_server", "WSGIServer.set_app", "application"),
    ("werkzeug.serving", "BaseWSGIServer.__init__", "app"),
    ("cheroot.wsgi", "Server.__init__", "wsgi_app"),
    ("gevent.pywsgi", "WSGIServer.__init__", "application"),
    ("tornado.wsgi", "WSGIContainer.__init__", "wsgi_application"),
    ("a2wsgi.wsgi", "WSGIMiddleware.__init__", "app"),
    ("starlette.middleware.wsgi", "WSGIMiddleware.__init__", "app"),
)
"""What gives a server its application, and the attribute that it has it in from then on."""
_FRAMEWORKS = re.compile(r"(flask|django|pyramid|bottle|falcon|web\.application|cherrypy)(\.|\Z)")
_MOST_SEEN = 200


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Have servers call their applications within a scope a request."""
    source = _Servers("source.wsgi", tagger, rules, accounts)
    for module, path, attribute in SERVERS:
        source.after(module, path, source.taken(attribute), optional=True)
    return source.patches


class _Servers(Framework):
    def taken(self, attribute: str) -> Callable[..., None]:
        """Return what puts the application that a server has taken into scopes."""
        serving = self.serving(WsgiRequest)
        patches = self.patches

        def act(server: Any, *_: Any) -> None:
            application = vars_of(server).get(attribute)
            if not callable(application) or not _calls_wsgi(server) or is_asynchronous(application):
                return
            if not has_framework(application):
                setattr(server, attribute, patches.wrapped(application, serving))

        return act


def _calls_wsgi(server: Any) -> bool:
    """Whether it is a server of WSGI: gunicorn has one way to load applications of all kinds.

    Its workers for ASGI and aiohttp hand what they have loaded to a server that looks at it and
    takes it for something else when it is wrapped. Those for WSGI have this method.
    """
    base = getattr(sys.modules.get("gunicorn.workers.base"), "Worker", ())
    return not isinstance(server, base) or hasattr(server, "handle_request")


def is_asynchronous(application: Any) -> bool:
    """Whether an application is one of ASGI 3, which no server of WSGI can call."""
    return iscoroutinefunction(application) or iscoroutinefunction(type(application).__call__)


def has_framework(application: Any) -> bool:
    """Whether a framework that has a source of its own is in an application or what it wraps."""
    seen: set[int] = set()
    left = [application]
    while left and len(seen) < _MOST_SEEN:
        each = left.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        kind = type(each)
        bases = type.mro(each) if kind is type else kind.__mro__
        names = [each.__name__] if kind is ModuleType else [str(base.__module__) for base in bases]
        if any(map(_FRAMEWORKS.match, names)):
            return True
        left += _inside(each, kind)
    return False


def _inside(each: Any, kind: type) -> Iterator[Any]:
    """Yield what is called by something that can be called, as far as that can be told."""
    if kind is MethodType:
        yield each.__self__
    elif kind is FunctionType:
        for cell in each.__closure__ or ():
            with suppress(ValueError):  # one that is still empty
                yield cell.cell_contents
        for name in each.__code__.co_names:
            yield each.__globals__.get(name)
    elif kind is dict:
        yield from each.values()
    elif kind is partial:
        yield each.func
    elif issubclass(kind, wrapt.ObjectProxy):
        yield each.__wrapped__
    elif kind.__module__ != "builtins" and callable(each):
        with suppress(AttributeError):
            held = object.__getattribute__(each, "__dict__")  # a proxy would ask what it is of
            yield from (value for value in held.values() if callable(value) or type(value) is dict)
