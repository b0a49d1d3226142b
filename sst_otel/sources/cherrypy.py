"""CherryPy as a source: one scope a request; what it has parsed of it for a page is tagged."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web import REQUEST
from sst_otel.sources.web_foreign import loaded_session, vars_of
from sst_otel.sources.wsgi import Framework, WsgiRequest
from sst_otel.tagging import Tagger

_REQUEST = "cherrypy._cprequest"


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every CherryPy request and tag what is parsed of it."""
    source = _CherryPy("source.cherrypy", tagger, rules, accounts)
    serving = source.serving(_CherryPyRequest)
    source.patches.wrap("cherrypy._cptree", "Application.__call__", serving)
    source.after(_REQUEST, "Request.get_resource", source.routed)
    source.after(_REQUEST, "Request.process_query_string", source.query_parsed)
    source.after("cherrypy._cpreqbody", "RequestBody.process", source.body_parsed)
    return source.patches


class _CherryPyRequest(WsgiRequest):
    __slots__ = ()

    def stored(self) -> dict[str, Any]:
        """Return the session of this thread, if it has been loaded."""
        return loaded_session(vars_of(_serving()).get("session")) or super().stored()

    def signed_in(self) -> Any:
        """Return whom a tool (basic, digest) has let in."""
        return vars_of(vars_of(_serving()).get("request")).get("login")


class _CherryPy(Framework):
    def routed(self, asked: Any, _result: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag what the handler is given of the path."""
        request = _current()
        handler: Any = vars_of(asked).get("handler")
        page = getattr(handler, "callable", None)
        if request is None or page is None:
            return
        values = handler.args
        code = getattr(getattr(page, "__func__", page), "__code__", None)
        names = list(code.co_varnames[: code.co_argcount]) if code is not None else []
        names = names[hasattr(page, "__self__") :]
        names += ["path"] * (len(values) - len(names))
        segments = args[0].strip("/").split("/")
        fixed = segments[: len(segments) - len(values)]
        wild = [f"{{{name}}}" for name in names[: len(values)]]
        pairs = [*zip(names, values, strict=False), *(asked.params or {}).items()]
        request.routed(self.web, "/" + "/".join([*fixed, *wild]), pairs)

    def query_parsed(self, asked: Any, *_: Any) -> None:
        """Tag the query."""
        request = _current()
        if request is not None and asked.query_string:
            self.query(request.environ(), _pairs(asked.params))

    def body_parsed(self, body: Any, *_: Any) -> None:
        """Tag a form, or a document that a tool has parsed."""
        request = _current()
        if request is None:
            return
        environ = request.environ()
        self.form(environ, _pairs(body.params), _uploads(body.params))
        self.document(environ, vars_of(_serving().request).get("json"))


def _serving() -> Any:
    return sys.modules["cherrypy"].serving


def _current() -> _CherryPyRequest | None:
    found = current_scope().state.get(REQUEST)
    return found if isinstance(found, _CherryPyRequest) else None


def _pairs(params: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in params.items():
        for each in value if type(value) is list else (value,):
            if type(name) is str and type(each) is str:
                yield name, each


def _uploads(params: Mapping[Any, Any]) -> Iterator[tuple[str, str, Any]]:
    for name, value in params.items():
        for each in value if type(value) is list else (value,):
            held = vars_of(each)
            if held.get("filename") and held.get("file") is not None:
                yield name, str(held.get("content_type") or ""), held["file"]
