"""What all web frameworks have in common as sources: one scope a request, and what came with it.

A framework tells what it has parsed (:class:`WebSource`) and how its request is read
(:mod:`sst_otel.sources.web_request`). The application's input stream is never read here. Cookies,
headers and the address are looked at when something leaves in the request.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import is_
from typing import Any

from sst_otel.field_paths import scalars, shown
from sst_otel.guard import guard
from sst_otel.lifetime import Lease, awaken, end_scope
from sst_otel.lineage import put_away
from sst_otel.registry.kept_texts import keep_texts
from sst_otel.scope import Scope, current_scope, leave_scope
from sst_otel.sources.named_visitors import join
from sst_otel.sources.owner import request_owner_id
from sst_otel.sources.received import receive
from sst_otel.sources.records import tag_document, tag_table
from sst_otel.sources.session import stored_values
from sst_otel.sources.session_keys import AccountNames, account_ids
from sst_otel.sources.web_request import WebRequest
from sst_otel.tagging import Tagger
from sst_otel.tags import Owner

MAX_UPLOAD_TEXT = 200_000
"""Bytes of an uploaded text that are looked at."""
PARSING = "parsing"
"""Stands in a scope's notes while the framework itself parses a document."""
REQUEST = "request"
"""Where a scope's notes have its :class:`WebRequest`."""
_TAGGED = "tagged"
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
_asking = guard("source.owner")


class WebSource:
    """Opens scopes for requests and tags what frameworks have parsed of them."""

    def __init__(
        self, tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None
    ) -> None:
        self._tagger = tagger
        self._rules = rules
        self._accounts = accounts

    def begin(self, request: WebRequest) -> Scope:
        """Return a new scope for ``request``; to be made current, and ended by :meth:`end`."""
        scope = Scope(self._asks_for_owner(request), request.route)
        scope.state[REQUEST] = request
        scope.on_look = partial(self.tag_metadata, request, scope)
        scope.on_live = partial(self._tag_account, request, scope)
        baggage, traceparent = request.carried()
        if baggage:
            receive(scope, baggage, traceparent, request.environ)
        awaken(scope)
        if scope.live:
            self._tag_account(request, scope)
        return scope

    def routed(self, request: WebRequest, scope: Scope) -> None:
        """Tag the query, what the route takes out of the path, and what the session keeps."""
        query, arguments = request.query(), request.path_arguments()
        if query:
            self._tagger.fields(query, "query", request.context, scope)
        if arguments:
            self._tagger.fields(arguments, "path", request.context, scope)
        self.tag_session(request, scope)

    def end(
        self,
        scope: Scope,
        token: Any,
        request: WebRequest,
        stream: Callable[[Lease], None] | None = None,
    ) -> None:
        """End what :meth:`begin` began; ``stream``: takes a lease for what is still being sent."""
        try:
            leave_scope(token)
            self._tagger.settle(scope)
            if scope.composed:
                keep_texts(self._tagger.registry, request.session())
                put_away.keep_held(scope)
            if stream is not None:
                stream(Lease(scope))
        finally:
            end_scope(scope)  # or what it holds would stay for ever

    def form(
        self,
        key: Any,
        context: str,
        fields: Iterable[tuple[str, Any]],
        uploads: Iterable[tuple[str, str, Any]] = (),
    ) -> None:
        """Tag a form the first time it is parsed; ``key``: the framework's object of the request.

        ``uploads``: name, media type and stream of each file that can be read and rewound.
        """
        scope = self._once(key, "form")
        if scope is None:
            return
        self._tagger.fields(fields, "form_field", context, scope)
        for name, kind, stream in uploads:
            self._tag_upload(name, kind, stream, context, scope)

    def query(self, key: Any, context: str, pairs: Iterable[tuple[str, Any]]) -> None:
        """Tag a query that the framework has parsed late; ``key`` as of :meth:`form`."""
        scope = self._once(key, "query")
        if scope is not None:
            self._tagger.fields(pairs, "query", context, scope)

    def path(self, context: str, pairs: Iterable[tuple[str, Any]]) -> None:
        """Tag what the route takes out of the path, handed out one by one."""
        self._tagger.fields(pairs, "path", context, current_scope())

    def document(self, key: Any, context: str, tree: Any) -> None:
        """Tag a JSON body that the framework has just parsed, the first time."""
        if tree is not None:
            scope = self._once(key, "json")
            if scope is not None:
                tag_document(self._tagger, scope, tree, "json", context)

    def body(self, key: Any, context: str, data: Any, is_json: bool) -> None:
        """Tag a JSON body that the application took as bytes, to parse it itself."""
        if not data or type(data) not in (bytes, str):
            return
        if not is_json and data[:1] not in (b"{", b"[", "{", "["):
            return
        scope = self._once(key, "data")
        if scope is None:
            return
        try:
            tree = json.loads(data)
        except (ValueError, RecursionError):
            return
        tag_document(self._tagger, scope, tree, "json", context)

    def unparsed(self, key: Any, context: str, data: bytes) -> None:
        """Tag a JSON body before something leaves, unless the framework parses it until then.

        Applications put parsers of their own into the place of the framework's.
        """
        scope = current_scope()
        former = scope.on_look

        def look() -> None:
            if former is not None:
                former()
            self.left_over(key, context, data)

        scope.on_look = look

    def left_over(self, key: Any, context: str, data: bytes) -> None:
        """Tag a JSON body unless it has been seen parsed."""
        if current_scope().state.get(_TAGGED, {}).get("json") is not key:
            self.body(key, context, data, is_json=True)

    def _asks_for_owner(self, request: WebRequest) -> Callable[[], Owner | None]:
        rules, tagger, accounts = self._rules, self._tagger, self._accounts
        told: tuple[tuple[Any, ...], str] | None = None

        def owner_of() -> Owner | None:
            nonlocal told
            with _asking:
                log_in = request.log_in()
                if told is not None and log_in is not None and all(map(is_, log_in, told[0])):
                    return tagger.owner(told[1])
                found = request_owner_id(rules, request, accounts)
                if found is None:
                    return None
                told = (log_in, found) if log_in is not None else None
                owner = tagger.owner(found)
                join(tagger, owner)
                return owner
            return None

        return owner_of

    @staticmethod
    def _once(key: Any, what: str) -> Scope | None:
        """Return the scope the first time a request comes with ``what``; None later."""
        scope = current_scope()
        done = scope.state.setdefault(_TAGGED, {})
        if done.get(what) is key:
            return None
        done[what] = key
        return scope

    def _tag_upload(self, name: str, kind: str, stream: Any, context: str, scope: Scope) -> None:
        """Tag an uploaded text field: small, textual, and back at its position afterwards."""
        if not (kind.startswith("text/") or kind == "application/json"):
            return
        position = stream.tell()
        try:
            text = stream.read(MAX_UPLOAD_TEXT).decode("utf-8", "replace")
        finally:
            stream.seek(position)
        if kind == "application/json":
            try:
                self._tagger.document(json.loads(text), "upload", context, scope)
            except (ValueError, RecursionError):
                return
        elif not tag_table(self._tagger, scope, text, "upload", context):
            pairs = _lines_of(text)
            self._tagger.fields([(name, text.strip()), *pairs], "upload", context, scope)

    def tag_metadata(self, request: WebRequest, scope: Scope) -> None:
        """Tag cookies, headers and the client's address; run before the first look at a payload."""
        environ = request.environ()
        if environ.get("HTTP_COOKIE"):
            self._tagger.fields(request.cookies(), "cookie", "cookies", scope, collect=False)
        headers = _personal_headers(environ)
        self._tagger.fields(headers, "header", "request headers", scope, collect=False)
        self._tag_account(request, scope)

    def tag_session(self, request: WebRequest, scope: Scope) -> None:
        """Tag what the session keeps, as far as it has been loaded."""
        stored = stored_values(request.session())
        if stored:
            self._tagger.fields(scalars(stored), "session", "session", scope, collect=False)

    def _tag_account(self, request: WebRequest, scope: Scope) -> None:
        """Tag the id that the session has of its own account, where it may go somewhere."""
        scope.on_live = None
        with _asking:
            owner = scope.known_owner()
            if owner is not None and owner.id is not None:
                for key, value in account_ids(dict(dict.items(request.session())), owner.id):
                    source = f"session:{shown(key)}"
                    self._tagger.value(value, "user_id", owner, source, scope)


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
