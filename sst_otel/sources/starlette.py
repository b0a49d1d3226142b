"""Starlette and FastAPI as a source: one scope a request or websocket, its tasks included.

What a response streams and what runs in the background after it is part of the application's call,
hence of the scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sst_otel.beside import async_watching, noting, watching
from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.asgi import AsgiRequest
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web import PARSING, REQUEST, WebSource
from sst_otel.sources.web_calls import ScopedCalls
from sst_otel.tagging import Tagger
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.starlette"
_guarded = guard(_PLACE)


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every request and tag what the application parses of it."""
    patches = Patches(_PLACE)
    web = WebSource(tagger, rules, accounts)
    source = _StarletteSource(tagger, web)
    calls = ScopedCalls(_PLACE, web, _new_request)
    patches.wrap("starlette.applications", "Starlette.__call__", calls.wrapper_async())
    for kind in ("Route", "WebSocketRoute", "Mount"):
        routed = noting(_PLACE, source.mounted if kind == "Mount" else source.routed)
        patches.wrap("starlette.routing", f"{kind}.handle", routed)
    requests = "starlette.requests"
    patches.wrap(requests, "Request.json", source.json)
    parsed = watching(_PLACE, source.query_parsed)
    patches.wrap("starlette.datastructures", "QueryParams.__init__", parsed)
    patches.wrap(requests, "Request.body", async_watching(_PLACE, source.body_read))
    # Before 0.21 the public method is the coroutine.
    patches.wrap(
        requests, "Request._get_form", async_watching(_PLACE, source.form_loaded), optional=True
    )
    for name in ("receive_text", "receive_bytes", "receive_json"):
        received = async_watching(_PLACE, source.received)
        patches.wrap("starlette.websockets", f"WebSocket.{name}", received)
    return patches


class _StarletteSource:
    def __init__(self, tagger: Tagger, web: WebSource) -> None:
        self._tagger = tagger
        self._web = web

    def mounted(self, mount: Any, _args: Any, _kwargs: Any) -> None:
        """Note the pattern of a mount: what is routed below it has the rest."""
        request = _current()
        if request is not None:
            request.route += mount.path

    def routed(self, route: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Tag what came with the address, now that the route is known."""
        request, scope = _current(), current_scope()
        if request is None:
            return
        request.scope = args[0] if args else kwargs["scope"]
        request.route += route.path
        request.context = f"{getattr(route, 'name', '') or ''} {request.route}"
        scope.route = request.route
        self._web.routed(request, scope)

    def query_parsed(self, params: Any, _result: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag the query that the application has just had parsed."""
        if not args or not args[0] or type(args[0]) not in (bytes, str):
            return
        request = _current()
        if request is not None:
            self._web.query(request.scope, request.context, params.multi_items())

    async def json(
        self,
        wrapped: Callable[..., Any],
        instance: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Call through and tag the document; the bytes it is read from need no look then."""
        state = current_scope().state
        state[PARSING] = True
        try:
            tree = await wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            state.pop(PARSING, None)
        with _guarded:
            request = _current()
            if request is not None:
                self._web.document(request, request.context, tree)
        return tree

    def body_read(self, asked: Any, data: Any, *_: Any) -> None:
        """Tag a JSON body that the application took as bytes; FastAPI parses its own later."""
        request = _current()
        if request is None or PARSING in current_scope().state:
            return
        is_json = "json" in asked.headers.get("content-type", "")
        route = request.scope.get("route")
        if is_json and getattr(route, "body_field", None) is not None:
            self._web.unparsed(request, request.context, data)
        else:
            self._web.body(request, request.context, data, is_json)

    def form_loaded(self, _asked: Any, form: Any, *_: Any) -> None:
        """Tag a form that the application has just had parsed."""
        request = _current()
        if request is not None and form:
            pairs = form.multi_items()
            self._web.form(request, request.context, _texts(pairs), _uploads(pairs))

    def received(self, _socket: Any, message: Any, *_: Any) -> None:
        """Tag a websocket's message that is a document."""
        request, scope = _current(), current_scope()
        if request is None:
            return
        if isinstance(message, (dict, list)):
            self._tagger.document(message, "json", request.context, scope)
        else:
            self._web.body(message, request.context, message, is_json=False)


def _new_request(_app: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> AsgiRequest | None:
    """Return the request of a call; an application inside another shares that one's scope."""
    asked = args[0] if args else kwargs["scope"]
    new = asked["type"] in ("http", "websocket") and _current() is None
    return AsgiRequest(asked) if new else None


def _current() -> AsgiRequest | None:
    found = current_scope().state.get(REQUEST)
    return found if isinstance(found, AsgiRequest) else None


def _texts(pairs: list[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        if isinstance(value, str):
            yield name, value


def _uploads(pairs: list[tuple[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    for name, value in pairs:
        if not isinstance(value, str):
            yield name, getattr(value, "content_type", None) or "", value.file
