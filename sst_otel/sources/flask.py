"""Flask as a source: one scope a request; form, JSON, query, path, cookies, headers, uploads.

The application's input stream is never read here: a body is tagged when the application itself has
parsed it. Cookies, headers and the address are looked at when something leaves in the request.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sst_otel.beside import watching
from sst_otel.guard import guard
from sst_otel.lifetime import Lease, awaken, end_scope
from sst_otel.lineage import put_away
from sst_otel.patching import Patches
from sst_otel.scope import Scope, current_scope, leave_scope, open_scope
from sst_otel.sources.kept_texts import keep_texts
from sst_otel.sources.named_visitors import join
from sst_otel.sources.owner import request_owner_id
from sst_otel.sources.session import stored_values, untouched_session, whole_session
from sst_otel.sources.session_keys import AccountNames, account_ids
from sst_otel.sources.streams import InScope
from sst_otel.tagging import Tagger, scalars, shown
from sst_otel.tags import Owner
from sst_otel.tracebacks import drop_own_entry

_REQUEST = "werkzeug.wrappers.request"
_MAX_UPLOAD_TEXT = 200_000
PARSING = "parsing"
"""Stands in a scope's notes while the framework itself parses a document."""
_NOT_PERSONAL = frozenset(
    "HTTP_" + name
    for name in (
        "ACCEPT",
        "ACCEPT_ENCODING",
        "AUTHORIZATION",
        "BAGGAGE",
        "CACHE_CONTROL",
        "CONNECTION",
        "COOKIE",
        "HOST",
        "ORIGIN",
        "PRAGMA",
        "REFERER",
        "TRACEPARENT",
        "TRACESTATE",
        "UPGRADE_INSECURE_REQUESTS",
        "X_REQUESTED_WITH",
    )
)
"""Headers that are the protocol's or a secret, not a statement about a person."""
_guarded = guard("source.flask")
_asking = guard("source.owner")


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every Flask request and tag what the application parses of it."""
    patches = Patches("source.flask")
    source = _FlaskSource(tagger, rules, accounts)
    patches.wrap("flask.app", "Flask.full_dispatch_request", source.full_dispatch_request)
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


class _FlaskSource:
    def __init__(
        self, tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None
    ) -> None:
        self._tagger = tagger
        self._rules = rules
        self._accounts = accounts

    def full_dispatch_request(
        self,
        wrapped: Callable[..., Any],
        instance: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        scope = token = None
        with _guarded:
            scope = self._begin()
            token = open_scope(scope)
        response = None
        try:
            response = wrapped(*args, **kwargs)
            return response
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            if scope is not None and token is not None:
                with _guarded:
                    self._end(scope, token, response)

    def _begin(self) -> Scope:
        import flask

        request: Any = flask.request._get_current_object()  # type: ignore[attr-defined]
        environ = request.environ
        rules, tagger, accounts = self._rules, self._tagger, self._accounts

        told: tuple[Any, str] | None = None

        def owner_of() -> Owner | None:
            nonlocal told
            with _asking:
                session = untouched_session()
                if told is not None and session is told[0]:
                    return tagger.owner(told[1])
                found = request_owner_id(rules, environ, accounts)
                if found is None:
                    return None
                told = (session, found) if session is not None else None
                owner = tagger.owner(found)
                join(tagger, owner)
                return owner
            return None

        rule = request.url_rule
        scope = Scope(owner_of, rule.rule if rule is not None else "")
        scope.on_look = lambda: self._tag_metadata(request, scope)
        scope.on_live = lambda: self._tag_account(scope)
        awaken(scope)
        if scope.live:
            self._tag_account(scope)
        if environ.get("QUERY_STRING"):
            tagger.fields(request.args.items(multi=True), "query", _form_of(request), scope)
        if request.view_args:
            tagger.fields(request.view_args.items(), "path", _form_of(request), scope)
        stored = stored_values()
        if stored:
            tagger.fields(scalars(stored), "session", "session", scope, collect=False)
        return scope

    def _end(self, scope: Scope, token: Any, response: Any) -> None:
        try:
            leave_scope(token)
            self._tagger.settle(scope)
            if scope.composed:
                keep_texts(self._tagger.registry, whole_session())
                put_away.keep_held(scope)
            if response is not None and response.is_streamed and not response.direct_passthrough:
                # What a generator sends while it is being streamed still belongs to this request.
                response.response = InScope(response.response, Lease(scope))
        finally:
            end_scope(scope)  # or what it holds would stay for ever

    def form_loaded(self, request: Any, *_: Any) -> None:
        """Tag a form that the application has just had parsed."""
        scope = self._once(request, "form")
        if scope is None:
            return
        loaded = vars(request)
        form = loaded.get("form")
        context = _form_of(request)
        if form:
            self._tagger.fields(form.items(multi=True), "form_field", context, scope)
        files = loaded.get("files")
        if files:
            for name, upload in files.items(multi=True):
                self._tag_upload(name, upload, context, scope)

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
            self.json_loaded(instance, tree)
        return tree

    def json_loaded(self, request: Any, tree: Any) -> None:
        """Tag a JSON body that the application has just parsed."""
        if tree is not None:
            scope = self._once(request, "json")
            if scope is not None:
                self._tagger.document(tree, "json", _form_of(request), scope)

    def data_loaded(self, request: Any, data: Any, *_: Any) -> None:
        """Tag the values of a JSON body that the application took as bytes, to parse it itself."""
        if not data or type(data) not in (bytes, str) or PARSING in current_scope().state:
            return
        if not request.is_json and data[:1] not in (b"{", b"[", "{", "["):
            return
        scope = self._once(request, "data")
        if scope is None:
            return
        try:
            tree = json.loads(data)
        except (ValueError, RecursionError):
            return
        self._tagger.document(tree, "json", _form_of(request), scope)

    def _once(self, request: Any, what: str) -> Scope | None:
        """Return the scope the first time a request comes with ``what``; None later."""
        scope = current_scope()
        done = scope.state.setdefault("tagged", {})
        if done.get(what) is request:
            return None
        done[what] = request
        return scope

    def _tag_upload(self, name: str, upload: Any, context: str, scope: Scope) -> None:
        """Tag an uploaded text field: small, textual, and back at its position afterwards."""
        kind = upload.mimetype or ""
        if not (kind.startswith("text/") or kind == "application/json"):
            return
        stream = upload.stream
        position = stream.tell()
        try:
            text = stream.read(_MAX_UPLOAD_TEXT).decode("utf-8", "replace")
        finally:
            stream.seek(position)
        if kind == "application/json":
            try:
                self._tagger.document(json.loads(text), "upload", context, scope)
            except (ValueError, RecursionError):
                return
        else:
            pairs = _lines_of(text)
            self._tagger.fields([(name, text.strip()), *pairs], "upload", context, scope)

    def _tag_metadata(self, request: Any, scope: Scope) -> None:
        """Tag cookies, headers and the client's address; run before the first look at a payload."""
        context = "request headers"
        if request.environ.get("HTTP_COOKIE"):
            cookies = request.cookies.items(multi=True)
            self._tagger.fields(cookies, "cookie", "cookies", scope, collect=False)
        self._tagger.fields(
            _personal_headers(request.environ), "header", context, scope, collect=False
        )
        self._tag_account(scope)

    def _tag_account(self, scope: Scope) -> None:
        """Tag the id that the session has of its own account, where it may go somewhere."""
        scope.on_live = None
        with _guarded:
            owner = scope.known_owner()
            if owner is not None and owner.id is not None:
                for key, value in account_ids(dict(dict.items(whole_session())), owner.id):
                    source = f"session:{shown(key)}"
                    self._tagger.value(value, "user_id", owner, source, scope)


def _form_of(request: Any) -> str:
    """Return what the form is about, for judging ambiguous names: endpoint and path pattern."""
    rule = request.url_rule
    return f"{request.endpoint or ''} {rule.rule if rule is not None else ''}"


def _personal_headers(environ: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in environ.items():
        if key[:5] != "HTTP_" or key in _NOT_PERSONAL or key.startswith(("HTTP_SEC_", "HTTP_IF_")):
            continue
        if key in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"):
            yield from _public_address(str(value).partition(",")[0])
        else:
            yield key[5:].lower(), str(value)
    yield from _public_address(str(environ.get("REMOTE_ADDR", "")))


def _public_address(text: str) -> Iterator[tuple[str, str]]:
    """Yield an address that belongs to a person: not a loopback, private or reserved one."""
    if text.startswith(("127.", "10.", "192.168.")):
        return  # spares parsing where a proxy or a test stands in front
    try:
        if ipaddress.ip_address(text.strip()).is_global:
            yield "ip_address", text.strip()
    except ValueError:
        return


def _lines_of(text: str) -> list[tuple[str, str]]:
    """Return ``name: value`` and ``name=value`` lines of an uploaded text."""
    pairs = []
    for line in text.splitlines()[:200]:
        for separator in (":", "="):
            name, found, value = line.partition(separator)
            if found and 0 < len(name.strip()) <= 40 and value.strip():
                pairs.append((name.strip(), value.strip()))
                break
    return pairs
