"""grpcio, synchronous and ``grpc.aio``: the message of a call, or each one of a stream.

The callables of the channel itself are wrapped: interceptors stand around them, OpenTelemetry's
among them, so its client span is current and a message that one of them changed is the one seen.
Messages of a stream are looked at one by one before they leave; one event per person and call says
it, further ones what is new. Calls over Unix sockets stay on the machine and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from sst_otel import semconv
from sst_otel.beside import noting, watching
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.protobuf import is_message, message_tree
from sst_otel.registry.identity import mark, marked
from sst_otel.scope import current_scope
from sst_otel.shares import Call, Part
from sst_otel.sinks.grpc_targets import opened, target_of, target_of_call
from sst_otel.sinks.layers import Layer, enter_layer, leave_layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.targets import host_and_port
from sst_otel.sinks.wrapping import Args, Describe, Kwargs, async_door, async_layer, door

_PLACE = "sink.grpc"
_PLAIN = (bytes, bytearray, str, dict, list, tuple, int, float)
_METADATA = 2
"""Position of the metadata behind request and timeout."""
_RPC = "_sst_rpc"

_serialised: ContextVar[Callable[[Any], None] | None] = ContextVar("sst_grpc", default=None)
"""Who looks at the next bytes that a serializer of the application makes in this context."""


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through grpcio."""
    patches = Patches(_PLACE)
    patches.wrap("grpc._common", "serialize", watching(_PLACE, _serialised_to))
    unary = door(_PLACE, emit, _unary(emit), _tee)
    later = door(_PLACE, emit, _unary(emit), _tee, _ends)
    stream = _stream(emit)
    for kind in ("Unary", "Stream"):
        wrapper, ending = (unary, later) if kind == "Unary" else (stream, stream)
        for name in ("__call__", "with_call"):
            patches.wrap("grpc._channel", f"_{kind}UnaryMultiCallable.{name}", wrapper)
        patches.wrap("grpc._channel", f"_{kind}UnaryMultiCallable.future", ending)
        patches.wrap("grpc._channel", f"_{kind}StreamMultiCallable.__call__", ending)
    patches.wrap(
        "grpc._channel", "_SingleThreadedUnaryStreamMultiCallable.__call__", unary, optional=True
    )
    _install_aio(patches, emit)
    return patches


def _install_aio(patches: Patches, emit: Outgoing) -> None:
    patches.wrap("grpc.aio._channel", "Channel.__init__", watching(_PLACE, opened))
    for kind in ("UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream"):
        patches.wrap("grpc.aio._call", f"{kind}Call.__init__", noting(_PLACE, _made))
    described = _aio(emit)
    for path, ends in (
        ("UnaryUnaryCall._invoke", _aio_ends),
        ("UnaryStreamCall._send_unary_request", None),
        ("_StreamRequestMixin._write", None),
    ):
        wrapper = async_door(_PLACE, emit, described, _aio_tee, ends)
        patches.wrap("grpc.aio._call", path, wrapper)
    same_call = async_layer(_PLACE, emit, lambda call, *_: Layer(reported=_rpc_of(call)[2]))
    patches.wrap("grpc.aio._call", "_StreamRequestMixin._write", same_call)


def _unary(emit: Outgoing) -> Describe:
    def describe(callable_: Any, args: Args, kwargs: Kwargs) -> Call | None:
        request = args[0] if args else kwargs.get("request")
        metadata = args[_METADATA] if len(args) > _METADATA else kwargs.get("metadata")
        return _call(emit, target_of_call(callable_), callable_._method, request, metadata)

    return describe


def _tee(_callable: Any, args: Args, kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
    """See the bytes of a message that only the application's serializer can read."""
    if not _is_opaque(args[0] if args else kwargs.get("request")):
        return None
    token = _serialised.set(share.part)
    return lambda: _serialised.reset(token)


def _ends(_callable: Any, result: Any, share: Share) -> bool:
    """Note the end of a call that has only begun when the library returns."""
    share.complete()

    def ended(call: Any) -> None:
        with guard(_PLACE):
            share.done() if call.code().value[0] == 0 else share.failed()

    result.add_done_callback(ended)
    return True


def _stream(emit: Outgoing) -> Wrapper:
    name = "request_iterator"

    def watch(callable_: Any, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
        messages: Any = args[0] if args else kwargs.get(name)
        if not hasattr(type(messages), "__next__"):  # grpc will say what is wrong
            return None
        metadata = args[_METADATA] if len(args) > _METADATA else kwargs.get("metadata")
        call = _call(emit, target_of_call(callable_), callable_._method, None, metadata)
        if call is None:
            return None
        watched = _Messages(messages, emit, call)
        return ((watched, *args[1:]), kwargs) if args else (args, {**kwargs, name: watched})

    return noting(_PLACE, watch)


class _Messages:
    """The messages of a stream, looked at as the library takes them."""

    def __init__(self, messages: Iterator[Any], emit: Outgoing, call: Call) -> None:
        self._messages = messages
        self._emit = emit
        self._call = call
        self._reported: dict[tuple[str, str], set[str]] = {}

    def __repr__(self) -> str:
        return "<messages>"

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        message = next(self._messages)
        with guard(_PLACE):
            if not self._emit.idle():
                if _is_opaque(message):
                    _serialised.set(self._look)
                else:
                    self._look(message)
        return message

    def _look(self, message: Any) -> None:
        token = enter_layer(Layer(reported=self._reported))
        try:
            share = self._emit(_with_message(self._call, message))
        finally:
            leave_layer(token)
        share.write().done()


def _made(call: Any, args: Args, kwargs: Kwargs) -> None:
    """Keep where a call of ``grpc.aio`` goes: it keeps the connection only."""
    channel = args[5] if len(args) > 5 else kwargs["channel"]
    method = args[6] if len(args) > 6 else kwargs["method"]
    vars(call)[_RPC] = (target_of(channel), method, {})


def _rpc_of(call: Any) -> tuple[str, Any, dict[tuple[str, str], set[str]]]:
    """Return target, method and what the call has reported."""
    return vars(call).get(_RPC) or ("", b"", {})


def _aio(emit: Outgoing) -> Describe:
    def describe(call: Any, args: Args, kwargs: Kwargs) -> Call | None:
        target, method, _ = _rpc_of(call)
        message = args[0] if args else kwargs.get("request", getattr(call, "_request", None))
        return _call(emit, target, method, message, call._metadata)

    return describe


def _aio_tee(call: Any, args: Args, kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
    message = args[0] if args else kwargs.get("request", getattr(call, "_request", None))
    serializer = call._request_serializer
    if serializer is None or not _is_opaque(message):
        return None

    def watched(given: Any) -> Any:
        made = serializer(given)
        share.part(made)
        return made

    def restore() -> None:
        call._request_serializer = serializer

    call._request_serializer = watched
    return restore


def _aio_ends(call: Any, _result: Any, share: Share) -> bool:
    failed = not call._cython_call.is_ok()
    if failed:
        share.failed()
    return failed


def _serialised_to(_none: Any, made: Any, _args: Args, _kwargs: Kwargs) -> None:
    look = _serialised.get()
    if look is not None:
        _serialised.set(None)
        look(made)


def _call(emit: Outgoing, target: str, method: Any, message: Any, metadata: Any) -> Call | None:
    where = host_and_port(target)
    if where is None or emit.is_own(*where):
        return None
    host, port = where
    path = _text(method)
    service, _, name = path.strip("/").rpartition("/")
    pairs = [(str(key), value) for key, value in metadata or ()]
    call = Call(
        kind=semconv.RPC,
        destination=f"grpc {host}{path}",
        host=host,
        port=port,
        path=path,
        parts=(Part("headers", pairs),) if pairs else (),
        attributes={
            semconv.RPC_SYSTEM: "grpc",
            semconv.RPC_SERVICE: service,
            semconv.RPC_METHOD: name,
        },
    )
    return call if message is None else _with_message(call, message)


def _with_message(call: Call, message: Any) -> Call:
    if is_message(message):
        return replace(call, parts=(*call.parts, *_of_message(message)))
    if _is_opaque(message):
        return call
    else:
        part = Part("body" if isinstance(message, (bytes, str)) else "message", message)
    return replace(call, parts=(*call.parts, part))


def _of_message(message: Any) -> Iterator[Part]:
    yield Part("message", message_tree(message))
    entry = marked(message)
    if entry is not None:  # what it was made of is not what its fields give: those are copies
        written = message.SerializePartialToString()
        mark(written, entry.data, current_scope(), composed=True)
        yield Part("body", written)


def _is_opaque(message: Any) -> bool:
    """Whether only the application's own serializer knows what a message holds."""
    return not isinstance(message, _PLAIN) and message is not None and not is_message(message)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
