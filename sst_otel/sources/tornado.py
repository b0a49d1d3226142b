"""Tornado as a source: one scope a request; the arguments that handlers ask for are tagged.

A handler is handed a new text each time it asks for an argument: each is marked as the datum that
it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

from sst_otel.beside import noting, watching
from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web import REQUEST, WebSource
from sst_otel.sources.web_bodies import Expecting
from sst_otel.sources.web_calls import ScopedCalls
from sst_otel.sources.web_foreign import ForeignRequest, mark_again, vars_of
from sst_otel.sources.web_request import environ_of_headers
from sst_otel.tagging import Tagger

_PLACE = "source.tornado"
_WEB = "tornado.web"
_KINDS = (("query_arguments", "query"), ("body_arguments", "form"))


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every request that a handler serves and tag what it asks for."""
    patches = Patches(_PLACE)
    source = _TornadoSource(Expecting(tagger, rules, accounts))
    calls = ScopedCalls(_PLACE, source.web, _new_request)
    patches.wrap(_WEB, "RequestHandler._execute", calls.wrapper_async())
    for name, after in (
        ("decode_argument", source.decoded),
        ("_get_arguments", source.arguments_read),
        ("get_secure_cookie", source.cookie_read),
        ("get_signed_cookie", source.cookie_read),
    ):
        reading = watching(_PLACE, after)
        patches.wrap(_WEB, f"RequestHandler.{name}", reading, optional=True)
    run = noting(_PLACE, source.called_back)
    patches.wrap("tornado.websocket", "WebSocketProtocol._run_callback", run, optional=True)
    return patches


class TornadoRequest(ForeignRequest):
    """One request, by the handler that serves it."""

    __slots__ = ("_environ", "given", "handler", "texts")

    def __init__(self, handler: Any, given: tuple[Iterable[bytes], Mapping[str, bytes]]) -> None:
        super().__init__("")
        self.route = self.context = _route_of(handler)
        self.handler = handler
        self.given = given
        """What the route takes out of the path, before it is decoded."""
        self.texts: dict[tuple[str, str], str] = {}
        """Name and text of each argument that has been tagged, the text being the tagged one."""
        self._environ: dict[str, str] | None = None

    def environ(self) -> Mapping[str, Any]:
        """Return the headers and the client's address as WSGI names them."""
        if self._environ is None:
            asked = self.handler.request
            found = environ_of_headers(asked.headers.get_all())
            found["QUERY_STRING"] = asked.query
            if asked.remote_ip:
                found["REMOTE_ADDR"] = asked.remote_ip
            self._environ = found
        return self._environ

    def carried(self) -> tuple[str, str]:
        """Return the headers ``baggage`` and ``traceparent``."""
        headers = self.handler.request.headers
        return headers.get("baggage", ""), headers.get("traceparent", "")

    def arrived(self, web: WebSource) -> None:
        """Tag arguments and a JSON body that the handler has taken as they are."""
        asked = self.handler.request
        if not self.texts:
            self.tag_arguments(web)
        if type(asked.body) is bytes and "json" in asked.headers.get("content-type", ""):
            web.left_over(self.environ(), self.context, asked.body)

    def tag_arguments(self, web: WebSource) -> None:
        """Tag all arguments of the query and the body."""
        asked, key = self.handler.request, self.environ()
        for attribute, kind in _KINDS:
            pairs = [
                (name, value.decode("utf-8", "replace").strip())
                for name, values in getattr(asked, attribute).items()
                for value in values
            ]
            self.texts.update(((name, text), text) for name, text in pairs)
            if kind == "query":
                web.query(key, self.context, pairs)
            elif pairs or asked.files:
                web.form(key, self.context, pairs, _uploads(asked.files))

    def signed_in(self) -> Any:
        """Return the handler's ``current_user``, if it has been asked for."""
        return vars_of(self.handler).get("_current_user")


class _TornadoSource:
    def __init__(self, web: Expecting) -> None:
        self.web = web

    def decoded(self, handler: Any, text: Any, args: tuple[Any, ...], kwargs: Any) -> None:
        """Tag what the route takes out of the path."""
        request = _current(handler)
        raw = args[0] if args else kwargs.get("value")
        if request is None or type(text) is not str:
            return
        plain, named = request.given
        names = [name for name, value in named.items() if value is raw]
        if not names and any(value is raw for value in plain):
            names = ["path"]
        if names:
            self.web.path(request.context, [(names[0], text)])

    def arguments_read(self, handler: Any, found: Any, args: tuple[Any, ...], kwargs: Any) -> None:
        """Tag all that came with an argument that is asked for, and mark what is handed out."""
        request = _current(handler)
        if request is None:
            return
        if not request.texts:
            request.tag_arguments(self.web)
        name = args[0] if args else kwargs["name"]
        for text in found:
            original = request.texts.get((name, text.strip())) if type(text) is str else None
            if original is not None:
                mark_again(original, text)

    def cookie_read(self, handler: Any, value: Any, args: tuple[Any, ...], kwargs: Any) -> None:
        """Note what a cookie holds that the application has signed."""
        request = _current(handler)
        if request is not None and type(value) is bytes:
            name = args[0] if args else kwargs["name"]
            request.signed[name] = value.decode("utf-8", "replace").strip('"')

    def called_back(
        self, _protocol: Any, args: tuple[Any, ...], _kwargs: Mapping[str, Any]
    ) -> None:
        """Tag a websocket's message that is a document."""
        request = current_scope().state.get(REQUEST)
        if isinstance(request, TornadoRequest) and len(args) > 1:
            self.web.body(args, request.context, args[1], is_json=False)


def _new_request(handler: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> TornadoRequest:
    return TornadoRequest(handler, (args[1:], kwargs))


def _current(handler: Any) -> TornadoRequest | None:
    found = current_scope().state.get(REQUEST)
    return found if isinstance(found, TornadoRequest) and found.handler is handler else None


def _uploads(files: Mapping[str, Any]) -> Iterable[tuple[str, str, Any]]:
    for name, uploads in files.items():
        for upload in uploads:
            yield name, upload["content_type"], BytesIO(upload["body"])


def _route_of(handler: Any) -> str:
    """Return the pattern of the path of what a handler serves."""
    router = getattr(handler.application, "wildcard_router", None)
    for rule in router.rules if router is not None else ():
        pattern = getattr(rule.matcher, "regex", None)
        if rule.target is not type(handler) or pattern is None:
            continue
        if pattern.match(handler.request.path):
            return str(pattern.pattern).rstrip("$")
    return ""
