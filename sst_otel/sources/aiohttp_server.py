"""aiohttp's own server as a source: one scope a request; what is parsed of it is tagged.

The scope lasts until the answer has been sent, so what a body made by a generator sends belongs to
the request too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sst_otel.beside import async_watching
from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web import REQUEST, WebSource
from sst_otel.sources.web_bodies import Expecting
from sst_otel.sources.web_calls import ScopedCalls
from sst_otel.sources.web_foreign import ForeignRequest, loaded_session
from sst_otel.sources.web_request import environ_of_headers
from sst_otel.tagging import Tagger

_PLACE = "source.aiohttp"
_SESSION = "aiohttp_session"


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every request of aiohttp's server and tag what is parsed of it."""
    patches = Patches(_PLACE)
    source = _AiohttpSource(Expecting(tagger, rules, accounts))
    calls = ScopedCalls(_PLACE, source.web, _new_request)
    serving = calls.wrapper_async()
    patches.wrap("aiohttp.web_protocol", "RequestHandler._handle_request", serving)
    for module, path, after in (
        ("aiohttp.web_urldispatcher", "UrlDispatcher.resolve", source.matched),
        ("aiohttp.web_request", "BaseRequest.post", source.form_parsed),
        ("aiohttp.web_request", "BaseRequest.json", source.json_parsed),
        ("aiohttp.web_ws", "WebSocketResponse.receive", source.received),
        ("aiohttp_security.api", "authorized_userid", source.named),
    ):
        patches.wrap(module, path, async_watching(_PLACE, after))
    return patches


class AiohttpRequest(ForeignRequest):
    """One request, by aiohttp's object."""

    __slots__ = ("_environ", "asked")

    def __init__(self, asked: Any) -> None:
        super().__init__(asked.path)
        self.asked = asked
        self._environ: dict[str, str] | None = None

    def environ(self) -> Mapping[str, Any]:
        """Return the headers and the client's address as WSGI names them."""
        if self._environ is None:
            asked = self.asked
            found = environ_of_headers(asked.headers.items())
            found["QUERY_STRING"] = asked.query_string
            if asked.remote:
                found["REMOTE_ADDR"] = asked.remote
            self._environ = found
        return self._environ

    def carried(self) -> tuple[str, str]:
        """Return the headers ``baggage`` and ``traceparent``."""
        headers = self.asked.headers
        return headers.get("baggage", ""), headers.get("traceparent", "")

    def query(self) -> Iterator[tuple[str, Any]]:
        """Return the query, which aiohttp keeps once it has been parsed."""
        return iter(self.asked.query.items() if self.asked.query_string else ())

    def stored(self) -> dict[str, Any]:
        """Return the session of aiohttp-session, if it was asked for."""
        return loaded_session(self.asked.get(_SESSION))

    def arrived(self, web: WebSource) -> None:
        """Tag a JSON body that was read whole, whatever has parsed it."""
        body = self.asked._read_bytes
        if body and "json" in self.asked.content_type:
            web.left_over(self.environ(), self.context, body)


class _AiohttpSource:
    def __init__(self, web: Expecting) -> None:
        self.web = web

    def matched(self, _router: Any, match: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag what came with the address, now that the route is known."""
        request = _current(args[0])
        if request is not None and not request.route:
            resource = match.route.resource
            route = resource.canonical if resource is not None else ""
            request.routed(self.web, route, dict.items(match))

    def form_parsed(self, asked: Any, form: Any, *_: Any) -> None:
        """Tag a form that the application has just had parsed."""
        request = _current(asked)
        if request is not None and form:
            pairs = list(form.items())
            texts = [pair for pair in pairs if type(pair[1]) is str]
            self.web.form(request.environ(), request.context, texts, _uploads(pairs))

    def json_parsed(self, asked: Any, tree: Any, *_: Any) -> None:
        """Tag a document that the application has just had parsed."""
        request = _current(asked)
        if request is not None and type(tree) in (dict, list):
            self.web.document(request.environ(), request.context, tree)

    def received(self, _socket: Any, message: Any, *_: Any) -> None:
        """Tag a websocket's message that is a document."""
        request = current_scope().state.get(REQUEST)
        if isinstance(request, AiohttpRequest):
            self.web.body(message, request.context, message.data, is_json=False)

    def named(self, _: Any, user: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Note who is logged in."""
        request = _current(args[0])
        if request is not None and user is not None:
            request.login = user


def _new_request(_: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> AiohttpRequest:
    return AiohttpRequest(args[0] if args else kwargs["request"])


def _current(asked: Any) -> AiohttpRequest | None:
    """Return the request being served if ``asked`` is it, or what a middleware has made of it."""
    found = current_scope().state.get(REQUEST)
    if not isinstance(found, AiohttpRequest):
        return None
    same = asked is found.asked or getattr(asked, "_payload", None) is found.asked._payload
    return found if same else None


def _uploads(pairs: list[tuple[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    for name, value in pairs:
        file = getattr(value, "file", None)
        if file is not None:
            yield name, value.content_type or "", file
