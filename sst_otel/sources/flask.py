"""Flask as a source: one scope a request; what the application has had parsed of it is tagged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sst_otel.beside import watching
from sst_otel.flask_contexts import request_context
from sst_otel.guard import guard
from sst_otel.lifetime import Lease
from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.flask_session import (
    signed_session_owner,
    untouched_session,
    whole_session,
)
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.streams import InScope
from sst_otel.sources.web import PARSING, WebSource
from sst_otel.sources.web_calls import ScopedCalls
from sst_otel.sources.web_request import WebRequest
from sst_otel.tagging import Tagger
from sst_otel.tracebacks import drop_own_entry

_REQUEST = "werkzeug.wrappers.request"
_guarded = guard("source.flask")


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every Flask request and tag what the application parses of it."""
    patches = Patches("source.flask")
    web = WebSource(tagger, rules, accounts)
    source = _FlaskSource(web)
    calls = ScopedCalls("source.flask", web, _current_request, _stream, routed=True)
    patches.wrap("flask.app", "Flask.full_dispatch_request", calls.wrapper())
    for name, after in (
        ("_load_form_data", source.form_loaded),
        ("get_data", source.data_loaded),
    ):
        patches.wrap(_REQUEST, f"Request.{name}", watching("source.flask", after))
    patches.wrap(_REQUEST, "Request.get_json", source.get_json)
    return patches


def tag_current_request() -> None:
    """Parse and tag the current request's form or JSON now (``auto_tag_request_data``)."""
    import flask

    request: Any = flask.request
    if request.is_json:
        request.get_json(silent=True)
    else:
        request.form  # noqa: B018 - loading it tags it


class _FlaskRequest(WebRequest):
    __slots__ = ("_request",)

    def __init__(self, request: Any) -> None:
        rule = request.url_rule
        super().__init__(rule.rule if rule is not None else "", _form_of(request))
        self._request = request

    def environ(self) -> Mapping[str, Any]:
        environ: Mapping[str, Any] = self._request.environ
        return environ

    def query(self) -> Iterable[tuple[str, Any]]:
        if not self._request.environ.get("QUERY_STRING"):
            return ()
        found: Iterable[tuple[str, Any]] = self._request.args.items(multi=True)
        return found

    def path_arguments(self) -> Iterable[tuple[str, Any]]:
        arguments = self._request.view_args
        return arguments.items() if arguments else ()

    def cookies(self) -> Iterable[tuple[str, str]]:
        found: Iterable[tuple[str, str]] = self._request.cookies.items(multi=True)
        return found

    def session(self) -> dict[str, Any]:
        return whole_session()

    def log_in(self) -> tuple[Any, ...] | None:
        session = untouched_session()
        return None if session is None else (session,)

    def session_owner(self, rules: tuple[str, ...], accounts: AccountNames | None) -> str | None:
        return signed_session_owner(rules, accounts, typed=True)


class _FlaskSource:
    def __init__(self, web: WebSource) -> None:
        self._web = web

    def form_loaded(self, request: Any, *_: Any) -> None:
        """Tag a form that the application has just had parsed."""
        if not _is_flasks(request):
            return
        loaded = vars(request)
        form, files = loaded.get("form"), loaded.get("files")
        if form or files:
            fields = form.items(multi=True) if form else ()
            self._web.form(request, _form_of(request), fields, _uploads(files))

    def get_json(
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
            tree = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            state.pop(PARSING, None)
        with _guarded:
            if _is_flasks(instance):
                self._web.document(instance, _form_of(instance), tree)
        return tree

    def data_loaded(self, request: Any, data: Any, *_: Any) -> None:
        """Tag the values of a JSON body that the application took as bytes, to parse it itself."""
        if data and _is_flasks(request) and PARSING not in current_scope().state:
            self._web.body(request, _form_of(request), data, request.is_json)


def _is_flasks(request: Any) -> bool:
    """Whether it is what the application was asked, and not a request that werkzeug alone reads.

    Other servers in the process do (moto's, a WSGI middleware).
    """
    return hasattr(type(request), "url_rule")


def _current_request(*_: Any) -> _FlaskRequest:
    return _FlaskRequest(request_context().request)


def _stream(response: Any) -> Callable[[Lease], None] | None:
    """Return what has a streamed response's pieces made within the request's scope."""
    if response is None or not response.is_streamed or response.direct_passthrough:
        return None

    def stream(lease: Lease) -> None:
        response.response = InScope(response.response, lease)

    return stream


def _uploads(files: Any) -> Iterator[tuple[str, str, Any]]:
    if files:
        for name, upload in files.items(multi=True):
            yield name, upload.mimetype or "", upload.stream


def _form_of(request: Any) -> str:
    rule = request.url_rule
    return " " if rule is None else f"{rule.endpoint} {rule.rule}"
