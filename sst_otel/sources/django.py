"""Django as a source: one scope a request; what the application has had parsed of it is tagged.

A session that the application has not loaded stays unloaded, and its user too: whose request it is
is told by what stands in the objects themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sst_otel.beside import watching
from sst_otel.lifetime import Lease
from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.session import identifier, session_owner
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.streams import AsyncInScope, InScope
from sst_otel.sources.web import REQUEST, WebSource
from sst_otel.sources.web_calls import ScopedCalls
from sst_otel.sources.web_request import WebRequest
from sst_otel.tagging import Tagger

_PLACE = "source.django"
_HANDLER = "django.core.handlers.base"
_SIGNED_IN = "_auth_user_id"


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every request and tag what the application parses of it."""
    patches = Patches(_PLACE)
    web = WebSource(tagger, rules, accounts)
    source = _DjangoSource(web)
    calls = ScopedCalls(_PLACE, web, _new_request, _stream)
    patches.wrap(_HANDLER, "BaseHandler.get_response", calls.wrapper())
    patches.wrap(_HANDLER, "BaseHandler.get_response_async", calls.wrapper_async(), optional=True)
    patches.wrap(_HANDLER, "BaseHandler.resolve_request", watching(_PLACE, source.routed))
    for path, after in (
        ("HttpRequest._load_post_and_files", source.form_loaded),
        ("HttpRequest.body", source.body_read),
    ):
        patches.wrap("django.http.request", path, watching(_PLACE, after))
    loaded = watching(_PLACE, source.data_loaded)
    patches.wrap("rest_framework.request", "Request._load_data_and_files", loaded)
    return patches


class _DjangoRequest(WebRequest):
    __slots__ = ("asked",)

    def __init__(self, asked: Any) -> None:
        super().__init__("", "")
        self.asked = asked

    def environ(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.asked.META
        return found

    def query(self) -> Iterable[tuple[str, Any]]:
        return _pairs(self.asked.GET) if self.asked.META.get("QUERY_STRING") else ()

    def path_arguments(self) -> Iterable[tuple[str, Any]]:
        match = vars(self.asked).get("resolver_match")
        return match.kwargs.items() if match is not None else ()

    def cookies(self) -> Iterable[tuple[str, str]]:
        found: Iterable[tuple[str, str]] = self.asked.COOKIES.items()
        return found

    def session(self) -> dict[str, Any]:
        held = getattr(vars(self.asked).get("session"), "__dict__", {})
        loaded = held.get("_session_cache")
        return loaded if isinstance(loaded, dict) else {}

    def log_in(self) -> tuple[Any, ...] | None:
        held = vars(self.asked)
        session = getattr(held.get("session"), "__dict__", {})
        if session.get("modified"):
            return None
        user = held.get("user")  # a lazy one is loaded when it is asked for something
        loaded = getattr(user, "__dict__", {}).get("_wrapped")
        return session.get("_session_cache"), user, loaded

    def session_owner(self, rules: tuple[str, ...], accounts: AccountNames | None) -> str | None:
        return session_owner(rules, self.session(), self._signed_in, accounts, typed=True)

    def _signed_in(self, rule: str) -> str | None:
        if rule != "django_auth":
            return None
        return identifier(self.session().get(_SIGNED_IN)) or _key_of(vars(self.asked).get("user"))


class _DjangoSource:
    def __init__(self, web: WebSource) -> None:
        self._web = web

    def routed(self, _handler: Any, match: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag what came with the address, now that the route is known."""
        request, scope = _current(), current_scope()
        if request is not None and args and request.asked is args[0]:
            request.route = scope.route = "/" + (getattr(match, "route", "") or "").lstrip("^/")
            request.context = f"{match.url_name or match.view_name or ''} {request.route}"
            self._web.routed(request, scope)

    def form_loaded(self, asked: Any, *_: Any) -> None:
        """Tag a form that the application has just had parsed."""
        held = vars(asked)
        form, files = held.get("_post"), held.get("_files")
        request = _current()
        if request is not None and (form or files):
            self._web.form(request, request.context, _pairs(form), _uploads(files))

    def body_read(self, _: Any, data: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag a JSON body that the application takes as bytes, to parse it itself."""
        request, asked = _current(), args[0]
        if request is not None and asked.content_type not in _FORMS:
            self._web.body(request, request.context, data, asked.content_type == _JSON)

    def data_loaded(self, asked: Any, *_: Any) -> None:
        """Tag what the REST framework has just parsed."""
        request = _current()
        data = vars(asked).get("_data")
        if request is None or data is None:
            return
        if hasattr(data, "lists"):
            self._web.form(request, request.context, _pairs(data))
        elif type(data) in (dict, list):
            self._web.document(request, request.context, data)


_JSON = "application/json"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _new_request(
    _handler: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> _DjangoRequest | None:
    return _DjangoRequest(args[0] if args else kwargs["request"])


def _current() -> _DjangoRequest | None:
    found = current_scope().state.get(REQUEST)
    return found if isinstance(found, _DjangoRequest) else None


def _key_of(user: Any) -> str | None:
    """Return the key of a user who has been loaded; a lazy one is left alone."""
    held = getattr(type(user), "__dict__", {})
    if "_wrapped" in getattr(user, "__dict__", ()) or "_wrapped" in held:
        user = vars(user).get("_wrapped")
    meta = getattr(type(user), "_meta", None)
    key = getattr(getattr(meta, "pk", None), "attname", None)
    return identifier(vars(user).get(key)) if type(key) is str else None


def _pairs(fields: Any) -> Iterator[tuple[str, Any]]:
    if fields:
        for name, values in fields.lists():
            for value in values:
                yield name, value


def _uploads(files: Any) -> Iterator[tuple[str, str, Any]]:
    for name, upload in _pairs(files):
        yield name, upload.content_type or "", upload.file


def _stream(response: Any) -> Callable[[Lease], None] | None:
    """Return what has a streamed response's pieces made within the request's scope."""
    if not getattr(response, "streaming", False) or vars(response).get("file_to_stream"):
        return None

    def stream(lease: Lease) -> None:
        held = vars(response)
        kind = AsyncInScope if held.get("is_async") else InScope
        held["_iterator"] = kind(held["_iterator"], lease)

    return stream
