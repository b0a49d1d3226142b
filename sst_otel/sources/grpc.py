"""gRPC servers as a source: one scope a call, synchronous or in asyncio, and what came in it.

Messages are looked at as the server's own method gets them, those of a stream one by one. What the
method sends back in a stream is made within the scope too. Unseen: messages that a method of
``grpc.aio`` takes by ``context.read()``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sst_otel.beside import noting, watching
from sst_otel.patching import Patches
from sst_otel.protobuf import is_message, message_tree
from sst_otel.scope import Scope, current_scope
from sst_otel.sources import jobs
from sst_otel.sources.grpc_aio import interceptor
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web import REQUEST, WebSource
from sst_otel.sources.web_calls import ScopedCalls
from sst_otel.sources.web_request import WebRequest
from sst_otel.tagging import Tagger

_PLACE = "source.grpc"
_ARGUMENT = 3
"""Position of the message in grpc's own call of a method."""
_SCOPE = "_sst_scope"
_SERVER = "grpc._server"
_LONGEST = 1_000_000
"""Bytes of a message that may be a document."""


class _GrpcRequest(WebRequest):
    """One call: its metadata are its headers."""

    __slots__ = ("_environ",)

    def __init__(self, method: str, metadata: Iterable[tuple[Any, Any]] | None) -> None:
        super().__init__(method, method.rpartition("/")[2])
        self._environ: dict[str, str] = {}
        for name, value in metadata or ():
            if type(value) is str:
                key = "HTTP_" + name.upper().replace("-", "_")
                former = self._environ.get(key)
                self._environ[key] = value if former is None else f"{former},{value}"

    def environ(self) -> Mapping[str, Any]:
        """Return the metadata as WSGI names headers."""
        return self._environ

    def query(self) -> Iterable[tuple[str, Any]]:
        """Return nothing: a call has none."""
        return ()

    def path_arguments(self) -> Iterable[tuple[str, Any]]:
        """Return nothing: the path is the method."""
        return ()

    def cookies(self) -> Iterable[tuple[str, str]]:
        """Return nothing: a call has none."""
        return ()

    def session(self) -> dict[str, Any]:
        """Return an empty one: a call has none."""
        return {}

    def log_in(self) -> tuple[Any, ...] | None:
        """Return no object: its metadata stay as they are."""
        return ()

    def session_owner(self, rules: tuple[str, ...], accounts: AccountNames | None) -> str | None:
        """Return None: a call has no session."""
        return None


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every call that a server answers and tag the messages it gets."""
    patches = Patches(_PLACE)
    web = WebSource(tagger, rules, accounts)
    messages = _Messages(tagger)
    calls = ScopedCalls(_PLACE, web, _request_of)
    for kind in ("unary", "stream"):
        patches.wrap(_SERVER, f"_{kind}_response_in_pool", calls.wrapper())
    patches.wrap(_SERVER, "_call_behavior", noting(_PLACE, messages.given))
    patches.wrap(_SERVER, "_RequestIterator.__next__", watching(_PLACE, messages.taken))

    def calls_of(details: Any) -> ScopedCalls:
        method, metadata = details.method, details.invocation_metadata
        return ScopedCalls(_PLACE, web, lambda *_: _GrpcRequest(_text(method), metadata))

    def intercepted(_server: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        given = dict(kwargs)
        positional = len(args) > _INTERCEPTORS
        theirs = args[_INTERCEPTORS] if positional else given.pop("interceptors", None)
        ours = (interceptor(calls_of, messages.tag, patches), *(theirs or ()))
        if positional:
            return (*args[:_INTERCEPTORS], ours, *args[_INTERCEPTORS + 1 :]), given
        return args, {**given, "interceptors": ours}

    patches.wrap("grpc.aio._server", "Server.__init__", noting(_PLACE, intercepted))
    return patches


_INTERCEPTORS = 2
"""Position of the interceptors of a server of ``grpc.aio``; ours is the first, hence outermost."""


def _request_of(_none: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _GrpcRequest:
    event = args[0] if args else kwargs["rpc_event"]
    return _GrpcRequest(_text(event.call_details.method), event.invocation_metadata)


class _Messages:
    """Tags what is personal of the messages that methods get."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger

    def given(self, _none: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Look at what a method is called with: a message, or what gives several."""
        if len(args) <= _ARGUMENT:
            return
        argument, scope = args[_ARGUMENT], current_scope()
        if type(argument).__name__ == "_RequestIterator":
            vars(argument)[_SCOPE] = scope  # other threads may take from it
        else:
            self.tag(argument, scope)

    def taken(self, messages: Any, message: Any, *_: Any) -> None:
        """Look at a message of a stream that the method has just taken."""
        scope = vars(messages).get(_SCOPE)
        if scope is not None:
            self.tag(message, scope)

    def tag(self, message: Any, scope: Scope) -> None:
        """Tag the fields of a message of protobuf, of a document, or of one in JSON."""
        request = scope.state.get(REQUEST)
        tree = _tree_of(message)
        if not tree or request is None:
            return
        if scope.hinted is not None or not isinstance(tree, dict):
            self._tagger.document(tree, "message", request.context, scope)
        else:  # no session says whose it is: as with a job, a field may
            jobs.tag_arguments(self._tagger, scope, tree.items(), "message", request.context)


def _tree_of(message: Any) -> Any:
    if is_message(message):
        return message_tree(message)
    if type(message) in (dict, list):
        return message
    if type(message) not in (bytes, str) or not 2 <= len(message) <= _LONGEST:
        return None
    try:
        return json.loads(message) if message[:1] in (b"{", b"[", "{", "[") else None
    except (ValueError, RecursionError):
        return None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
