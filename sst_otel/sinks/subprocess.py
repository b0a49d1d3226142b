"""Commands that send: the arguments, and the input as far as it goes through Python.

``subprocess`` (``run``, ``check_output``, ``os.popen`` and asyncio's processes end in its
``Popen``) and ``os.system``. Input is seen in ``communicate`` and in what is written to
``Popen.stdin``; what goes to an asyncio process's ``stdin``, or from a file or another process, is
not, and neither are ``os.exec*``, ``os.spawn*`` and ``os.posix_spawn``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sst_otel import semconv
from sst_otel.beside import noting, watching
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.commands import Command, command_of
from sst_otel.sinks.connection import WINDOW
from sst_otel.sinks.ending import let_go
from sst_otel.sinks.layers import Layer, enter_layer, leave_layer
from sst_otel.sinks.mime import mail_parts
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.wrapping import (
    Args,
    Describe,
    Kwargs,
    async_door,
    async_layer,
    door,
    layer,
)
from sst_otel.tracebacks import unseen

_PLACE = "sink.subprocess"
_COMMAND = "_sst_command"
_SHELL = 8
"""Position of ``shell`` among the arguments of ``Popen``."""
_MOST_INPUT = 4_000_000
"""Characters or bytes of a command's input that are looked at."""
_WHOLE = 65_536
"""As many are looked at anew with what is flushed behind them; of more only the end is."""


def install(emit: Outgoing) -> Patches:
    """Watch the commands that are run."""
    patches = Patches(_PLACE)
    patches.wrap("os", "system", door(_PLACE, emit, _system))
    # The last one is the outermost: what it keeps with a process, the others find there.
    patches.wrap("subprocess", "Popen.__init__", door(_PLACE, emit, _arguments))
    patches.wrap("subprocess", "Popen.__init__", layer(_PLACE, emit, _same_command))
    patches.wrap("subprocess", "Popen.__init__", _started(emit))
    patches.wrap("subprocess", "Popen.__init__", noting(_PLACE, _starting))
    patches.wrap("subprocess", "Popen.communicate", door(_PLACE, emit, _input(_itself)))
    patches.wrap("subprocess", "Popen.communicate", layer(_PLACE, emit, _same_command))
    process = "Process.communicate"
    patches.wrap("asyncio.subprocess", process, async_door(_PLACE, emit, _input(_popen_of)))
    same = async_layer(_PLACE, emit, lambda running, *_: _layer_of(_popen_of(running)))
    patches.wrap("asyncio.subprocess", process, same)
    return patches


def _starting(process: Any, args: Args, kwargs: Kwargs) -> None:
    """Keep with a process whom it tells."""
    shell = args[_SHELL] if len(args) > _SHELL else kwargs.get("shell", False)
    by_shell = type(shell) in (bool, int) and bool(shell)
    command = command_of(args[0] if args else kwargs.get("args"), by_shell)
    vars(process)[_COMMAND] = (command, {}) if command is not None else None


def _started(emit: Outgoing) -> Wrapper:
    """Return the wrapper after which what is written to a process is looked at."""

    def after(process: Any, *_: Any) -> None:
        command = _command_of(process)
        if command is not None:
            command.sent, command.bodies = [], []
            if process.stdin is not None:
                process.stdin = _Pipe(process.stdin, process, emit)

    return watching(_PLACE, after)


def _command_of(process: Any) -> Command | None:
    known = vars(process).get(_COMMAND)
    return known[0] if known is not None else None


def _layer_of(process: Any) -> Layer | None:
    """Return a layer that shares with the others of this process what was reported."""
    known = vars(process).get(_COMMAND)
    return Layer(reported=known[1]) if known is not None else None


def _same_command(process: Any, _args: Args, _kwargs: Kwargs) -> Layer | None:
    """Return the layer that makes arguments and input of a command one call."""
    return _layer_of(process)


def _itself(process: Any) -> Any:
    return process


def _popen_of(running: Any) -> Any:
    """Return the ``Popen`` that an asyncio process is at bottom."""
    return running._transport.get_extra_info("subprocess")


def _system(_module: Any, args: Args, kwargs: Kwargs) -> Call | None:
    command = command_of(args[0] if args else kwargs.get("command"), True)
    return None if command is None else _call(command, _arguments_of(command))


def _arguments(process: Any, _args: Args, _kwargs: Kwargs) -> Call | None:
    command = _command_of(process)
    return None if command is None else _call(command, _arguments_of(command))


def _input(popen_of: Callable[[Any], Any]) -> Describe:
    def describe(process: Any, args: Args, kwargs: Kwargs) -> Call | None:
        command = _command_of(popen_of(process))
        given = args[0] if args else kwargs.get("input")
        if command is None or not given:
            return None
        return _call(command, _input_of(command, given))

    return describe


def _call(command: Command, parts: list[Part]) -> Call:
    destination = ""  # of HTTP: made from method, host and path
    if command.program and not command.url:
        destination = f"{command.program} {command.host}"
    return Call(
        kind=command.kind,
        destination=destination,
        host=command.host,
        port=command.port,
        method=command.method,
        path=command.path,
        parts=tuple(parts),
        attributes={semconv.EXECUTABLE: command.program} if command.program else {},
    )


def _arguments_of(command: Command) -> list[Part]:
    parts = [Part("url", command.url)] if command.url else []
    parts += [Part("body", body) for body in command.bodies]
    return [*parts, Part("arguments", command.sent)] if command.sent else parts


def _input_of(command: Command, given: Any) -> list[Part]:
    if isinstance(given, (bytearray, memoryview)):
        given = bytes(given)
    if not isinstance(given, (str, bytes)):
        return []
    if command.kind != semconv.EMAIL_SEND:
        return [Part("body", given)]
    composed = [Part("message", given)] if marked(given) is not None else []
    return [*composed, *mail_parts(given)[0]]


class _Pipe:
    """The input of a command that sends: looked at when it is flushed and before it is closed."""

    def __init__(self, pipe: Any, process: Any, emit: Outgoing) -> None:
        self.__dict__.update(
            _pipe=pipe, _known=vars(process)[_COMMAND], _emit=emit, _written=[], _size=0, _new=False
        )

    def __repr__(self) -> str:
        return "<input of a command>"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipe, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._pipe, name, value)

    def __enter__(self) -> Any:
        self._pipe.__enter__()
        return self

    @unseen
    def __exit__(self, *error: Any) -> Any:
        share = self._look()
        return let_go(share, partial(self._pipe.__exit__, *error))

    @unseen
    def write(self, text: Any) -> Any:
        """Write on, and keep what was written until it leaves."""
        with guard(_PLACE):
            if isinstance(text, (str, bytes, bytearray)) and self._size < _MOST_INPUT:
                self.__dict__["_size"] += len(text)
                self.__dict__["_new"] = True
                self._written.append(text if isinstance(text, str) else bytes(text))
        return self._pipe.write(text)

    @unseen
    def writelines(self, lines: Any) -> None:
        """Write several pieces."""
        for line in lines:
            self.write(line)

    @unseen
    def flush(self) -> None:
        """Look at what was written, and let it go."""
        share = self._look()
        let_go(share, self._pipe.flush)

    @unseen
    def close(self) -> None:
        """Look at what was written, and end it."""
        share = self._look()
        self._written.clear()
        let_go(share, self._pipe.close)

    def _look(self) -> Share | None:
        with guard(_PLACE):
            if not self._new or self._emit.idle():
                return None
            self.__dict__["_new"] = False
            empty: Any = "" if isinstance(self._written[0], str) else b""
            text = empty.join(self._written)
            command, reported = self._known
            call = _call(command, _input_of(command, text))
            if len(text) > _WHOLE and command.kind != semconv.EMAIL_SEND:  # a mail is one document
                self._written[:] = [text[-WINDOW:]]
                self.__dict__["_size"] = WINDOW
            token = enter_layer(Layer(reported=reported))
            try:
                share: Share = self._emit(call)
            finally:
                leave_layer(token)
            return share.write()
        return None
