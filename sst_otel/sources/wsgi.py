"""A WSGI request as sources see it (PEP 3333), and a scope around what serves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from types import GeneratorType
from typing import Any, TypeVar

from sst_otel.beside import noting, watching
from sst_otel.lifetime import Lease
from sst_otel.patching import Patches, Wrapper
from sst_otel.scope import current_scope
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.streams import InScope
from sst_otel.sources.web import REQUEST
from sst_otel.sources.web_bodies import Expecting
from sst_otel.sources.web_calls import ScopedCalls
from sst_otel.sources.web_foreign import ForeignRequest, loaded_session, vars_of
from sst_otel.sources.web_request import WebRequest
from sst_otel.tagging import Tagger

_MADE_LATER = frozenset({GeneratorType, chain, filter, map, zip})
_HEAP_TYPE = 1 << 9
"""``Py_TPFLAGS_HEAPTYPE``: a class that a program has made."""


class WsgiRequest(ForeignRequest):
    """One request by its WSGI ``environ``."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        super().__init__(environ.get("PATH_INFO", ""))
        self._environ = environ

    def environ(self) -> Mapping[str, Any]:
        """Return it as it is."""
        return self._environ

    def stored(self) -> dict[str, Any]:
        """Return what Beaker's session holds, if it has been loaded."""
        return loaded_session(self._environ.get("beaker.session"))


_R = TypeVar("_R", bound=ForeignRequest)


class Framework:
    """What the sources of frameworks have in common that are called with an ``environ``."""

    def __init__(
        self, place: str, tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None
    ) -> None:
        self.patches = Patches(place)
        self.tagger = tagger
        self.web = Expecting(tagger, rules, accounts)

    def serving(self, new_request: Callable[[Mapping[str, Any]], WsgiRequest]) -> Wrapper:
        """Return the wrapper of a WSGI callable, made within the scope of a ``new_request``."""

        def request_of(_: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            environ = args[0] if args else kwargs["environ"]
            return self.begun(new_request, environ)

        return self.calls(request_of)

    def calls(self, request_of: Callable[..., WebRequest | None]) -> Wrapper:
        """Return the wrapper of a call that serves the request that ``request_of`` gives."""
        calls = ScopedCalls(self.patches.place, self.web, request_of, prepared=in_scope)
        return calls.wrapper()

    def begun(
        self, new_request: Callable[[Mapping[str, Any]], _R], environ: Mapping[str, Any]
    ) -> _R | None:
        """Return the request of ``environ``; None where one of its kind is being served."""
        current: Any = current_scope().state.get(REQUEST)
        known = type(current) is new_request and current.environ() is environ
        return None if known else new_request(environ)

    def after(
        self, module: str, path: str, act: Callable[..., object], optional: bool = False
    ) -> None:
        """Have ``act(instance, result, args, kwargs)`` run after a call."""
        self.patches.wrap(module, path, watching(self.patches.place, act), optional=optional)

    def before(
        self, module: str, path: str, act: Callable[..., None], optional: bool = False
    ) -> None:
        """Have ``act(instance, args, kwargs)`` run before a call."""
        self.patches.wrap(module, path, noting(self.patches.place, act), optional=optional)

    def form(self, environ: Any, pairs: Any, uploads: Any = ()) -> None:
        """Tag a form if it is that of the request being served."""
        request = self.current(environ)
        if request is not None:
            self.web.form(environ, request.context, pairs, uploads)

    def query(self, environ: Any, pairs: Any) -> None:
        """Tag a query if it is that of the request being served."""
        request = self.current(environ)
        if request is not None:
            self.web.query(environ, request.context, pairs)

    def document(self, environ: Any, tree: Any) -> None:
        """Tag a document if it is the body of the request being served."""
        request = self.current(environ)
        if request is not None and type(tree) in (dict, list):
            self.web.document(environ, request.context, tree)

    @staticmethod
    def current(environ: Any) -> Any:
        """Return the request being served if it has this ``environ``."""
        found = current_scope().state.get(REQUEST)
        return found if isinstance(found, WsgiRequest) and found.environ() is environ else None


def in_scope(result: Any) -> Any:
    """Return the pieces of an answer; those that are still to be made are, within this scope.

    What servers know by its type (a list, the server's own wrapper of files) stays what it is.
    """
    kind = type(result)
    if kind not in _MADE_LATER:
        if not kind.__flags__ & _HEAP_TYPE or hasattr(kind, "__len__"):
            return result
        if hasattr(kind, "read") or not {"filelike", "fileno"}.isdisjoint(vars_of(result)):
            return result
        if issubclass(kind, (list, tuple, str, bytes)) or not hasattr(kind, "__iter__"):
            return result
    return InScope(result, Lease(current_scope()))
