"""The last place before something leaves: hosts that are not trusted get no ``sst.*`` baggage.

The propagator has written none for others; but some clients follow a redirect with the headers of
the first hop (requests, urllib, aiohttp), and programs hand on the headers they were called with.
Only what is about to be sent is changed, never an object of the application's.

A trusted host is told here what the propagator could not know to be for it: by a client whose span
names no host (grpc), or is not recorded. That needs a trace among the headers: W3C's
``traceparent``, Zipkin's B3, Amazon's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any

from sst_otel.beside import noting
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.scope import current_scope
from sst_otel.sinks import last_hop_messages
from sst_otel.sinks.carriers import trace_of, with_members, without
from sst_otel.sinks.grpc_targets import target_of, target_of_call
from sst_otel.sinks.http_message import asked_for
from sst_otel.sinks.targets import host_and_port
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.trusted import TrustedHosts

_PLACE = "sink.last_hop"
_guarded = guard(_PLACE)
_METADATA = 2
"""Position of grpc's metadata, behind request and timeout."""
_BAGGAGE = frozenset({b"baggage", b"baggage:"})
_STARTS = _BAGGAGE | {b"tracepar", b"b3", b"x-b3-tra", b"x-amzn-t"}
"""What headers begin with that matter: without these a request is left alone at once."""

Targets = Iterable["tuple[str, int | None]"]
"""Names of what a call leads to, each with its port: a host; a broker's host and a queue."""
Where = Callable[[Any, Args, Kwargs], Targets]
"""``where(instance, args, kwargs)`` → what a call leads to."""
Told = Callable[[str], Sequence[str]]
"""``told(trace_id)`` → what to say to a trusted host now, mostly nothing."""


def install(trusted: TrustedHosts, told: Told) -> Patches:
    """Keep what is ours from hosts that are not in ``trusted``, and tell it those.

    After the other sinks: confluent-kafka's producer can be changed once one of them stands for it.
    """
    patches = Patches(_PLACE)
    hop = LastHop(trusted, told)
    pool = "connection_pool"
    for module, path, note in (
        ("http.client", "HTTPConnection.endheaders", hop.http_client),
        (f"httpcore._sync.{pool}", "ConnectionPool.handle_request", hop.httpcore),
        (f"httpcore2._sync.{pool}", "ConnectionPool.handle_request", hop.httpcore),
        (f"httpcore._async.{pool}", "AsyncConnectionPool.handle_async_request", hop.httpcore),
        (f"httpcore2._async.{pool}", "AsyncConnectionPool.handle_async_request", hop.httpcore),
        ("aiohttp.client_reqrep", "ClientRequest.send", hop.aiohttp),
    ):
        patches.wrap(module, path, noting(_PLACE, note))
    _install_websockets(patches, hop)
    _install_grpc(patches, hop)
    last_hop_messages.install(patches, hop)
    return patches


def _install_websockets(patches: Patches, hop: LastHop) -> None:
    for name in ("sync", "asyncio"):
        opening = hop.given("additional_headers", 0, _address)
        patches.wrap(f"websockets.{name}.client", "ClientConnection.handshake", opening)
    patches.wrap(
        "websockets.legacy.client",
        "WebSocketClientProtocol.handshake",
        noting(_PLACE, hop.legacy_websocket),
    )


def _install_grpc(patches: Patches, hop: LastHop) -> None:
    metadata = hop.given("metadata", _METADATA, _channel)
    for asked in ("Unary", "Stream"):
        for name in ("__call__", "with_call", "future"):
            patches.wrap("grpc._channel", f"_{asked}UnaryMultiCallable.{name}", metadata)
        patches.wrap("grpc._channel", f"_{asked}StreamMultiCallable.__call__", metadata)
    patches.wrap(
        "grpc._channel", "_SingleThreadedUnaryStreamMultiCallable.__call__", metadata, optional=True
    )
    of_call = hop.given("metadata", _METADATA, _channel_of_call)
    for kind in ("UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream"):
        patches.wrap("grpc.aio._call", f"{kind}Call.__init__", of_call)


class LastHop:
    """Decides what the headers of a call say when they leave."""

    def __init__(self, trusted: TrustedHosts, told: Told) -> None:
        self._trusted = trusted
        self._told = told

    def _speaks(self) -> bool:
        """Whether there is anything to say, to whomever."""
        return bool(self._trusted) and bool(current_scope().data)

    def changed(self, headers: Any, targets: Callable[[], Targets]) -> Any:
        """Return a copy of ``headers`` as they are to be sent; None: as they are."""
        left = without(headers)
        if left is not None:
            return None if self.leads_home(targets) else left
        trace_id = trace_of(headers) if self._speaks() else ""
        if not trace_id or not self.leads_home(targets):
            return None
        members = self._told(trace_id)
        return with_members(headers, members) if members else None

    def leads_home(self, targets: Callable[[], Targets]) -> bool:
        """Whether a call is for a trusted host; where we cannot tell, it is not."""
        with _guarded:
            return self._trusted.trusts_any(targets())
        return False

    def http_client(self, connection: Any, _args: Args, _kwargs: Kwargs) -> None:
        """Change the head of a request in a connection's buffer: whoever made it has it no more."""
        starts = _STARTS if self._speaks() else _BAGGAGE
        for line in connection._buffer:
            if line[:8].lower() in starts:
                changed = self.changed(connection._buffer[1:], lambda: _asked_for(connection))
                if changed is not None:
                    connection._buffer[1:] = changed
                return

    def httpcore(self, _pool: Any, args: Args, kwargs: Kwargs) -> None:
        """Change httpcore's request, which httpx has made of its own."""
        request = args[0] if args else kwargs["request"]
        starts = _STARTS if self._speaks() else _BAGGAGE
        for name, _ in request.headers:
            if name[:8].lower() in starts:
                changed = self.changed(request.headers, lambda: _url_of(request.url))
                if changed is not None:
                    request.headers = changed
                return

    def aiohttp(self, request: Any, _args: Args, _kwargs: Kwargs) -> None:
        """Change the headers that aiohttp has put together for one hop."""
        headers, url = request.headers, request.url
        changed = self.changed(list(headers.items()), lambda: ((url.raw_host or "", url.port),))
        if changed is not None:
            headers.clear()
            headers.extend(changed)

    def legacy_websocket(self, connection: Any, args: Args, kwargs: Kwargs) -> None:
        """Change the headers that one connection of the legacy client's keeps for its opening."""
        headers = connection.extra_headers
        uri = args[0] if args else kwargs["wsuri"]
        changed = self.changed(headers, lambda: ((uri.host, uri.port),)) if headers else None
        if changed is not None:
            connection.extra_headers = changed

    def given(self, name: str, position: int, where: Where, inside: str = "") -> Wrapper:
        """Return the wrapper of a call that is given headers as ``name``.

        ``inside``: the attribute of what it is given that has them.
        """

        def note(instance: Any, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
            positional = position < len(args)
            holder = args[position] if positional else kwargs.get(name)
            headers = getattr(holder, inside, None) if inside else holder
            if not headers:
                return None
            changed = self.changed(headers, lambda: where(instance, args, kwargs))
            if changed is None:
                return None
            if inside:
                made = copy(holder)
                object.__setattr__(made, inside, changed)  # paho's own would add to what is there
                changed = made
            if positional:
                return (*args[:position], changed, *args[position + 1 :]), kwargs
            return args, {**kwargs, name: changed}

        return noting(_PLACE, note)


def _asked_for(connection: Any) -> Targets:
    if connection._tunnel_host:
        return ((connection._tunnel_host, connection._tunnel_port),)
    target = connection._buffer[0].decode("latin-1").partition(" ")[2].rpartition(" ")[0]
    _, host, port = asked_for(target, "http", connection.host, connection.port)
    return ((host, port),)


def _url_of(url: Any) -> Targets:
    port = url.port or (443 if url.scheme == b"https" else 80)
    return ((url.host.decode("ascii", "replace"), port),)


def _address(connection: Any, _args: Args, _kwargs: Kwargs) -> Targets:
    protocol = connection.protocol
    uri = getattr(protocol, "uri", None) or protocol.wsuri  # before version 15
    return ((uri.host, uri.port),)


def _channel(callable_: Any, _args: Args, _kwargs: Kwargs) -> Targets:
    return (host_and_port(target_of_call(callable_)) or ("", None),)


def _channel_of_call(_call: Any, args: Args, kwargs: Kwargs) -> Targets:
    channel = args[5] if len(args) > 5 else kwargs["channel"]
    return (host_and_port(target_of(channel)) or ("", None),)
