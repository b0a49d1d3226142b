"""``logging``: personal data in a log line is a share with whoever reads the log.

Looked at where a record has passed its logger's filters and goes to the handlers. What their
formatters would have to ask of the application's objects is not asked by us: such a record is
looked at when they have written it, by the message that they made.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextvars import ContextVar
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from sst_otel import semconv
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.shares import Call, Part
from sst_otel.sinks.layers import Layer, enter_alone, leave_layer
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.tracebacks import drop_own_entry

_PLACE = "sink.logs"
SECONDS = 60.0
"""How long the same data of the same person from the same line counts as said."""
MAX_LINES = 1_000
_OURS = ("sst_otel", "opentelemetry")
_PLAIN = frozenset({str, int, float, bool, type(None)})
_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "exc_text"}

_busy: ContextVar[bool] = ContextVar("sst_logging", default=False)
_guarded = guard(_PLACE)

Line = tuple[str, str, int]
"""Logger, file and line."""


def install(emit: Outgoing, patterns: Sequence[str]) -> Patches:
    """Watch the records of loggers whose names match; without patterns nothing is touched."""
    patches = Patches(_PLACE)
    if patterns:
        wrapper = _handling(_Records(emit, tuple(patterns)))
        patches.wrap("logging", "Logger.callHandlers", wrapper)
    return patches


def _handling(records: _Records) -> Wrapper:
    def wrapper(wrapped: Any, instance: Any, args: Args, kwargs: Kwargs) -> Any:
        share, later = None, False
        record: Any = args[0] if args else kwargs.get("record")
        with _guarded:
            if records.wants(instance):
                later = not _is_plain(record)
                share = None if later else records.look(instance, record)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, args, kwargs, record
            if share is not None:
                share.failed(error)
            drop_own_entry(error)
            raise
        with _guarded:
            if later:
                share = records.look(instance, record)
            if share is not None:
                share.done()
        return result

    return wrapper


class _Records:
    """What was said by which line lately."""

    def __init__(self, emit: Outgoing, patterns: tuple[str, ...]) -> None:
        self._emit = emit
        self._matches = lru_cache(MAX_LINES)(
            lambda name: any(fnmatchcase(name, pattern) for pattern in patterns)
        )
        self._said: OrderedDict[Line, tuple[float, Layer]] = OrderedDict()

    def wants(self, logger: logging.Logger) -> bool:
        """Whether records of this logger are looked at now."""
        name = logger.name
        if _busy.get() or self._emit.idle() or name.partition(".")[0] in _OURS:
            return False
        return self._matches(name)

    def look(self, logger: logging.Logger, record: logging.LogRecord) -> Share | None:
        """Report what a record holds, unless its line has said so within a minute."""
        busy = _busy.set(True)
        try:
            handlers = _handlers(logger, record.levelno)
            message = _message(record)
            if not handlers or message is None:
                return None
            parts = [Part("body", message)]
            extra = _extra(record, handlers)
            if extra:
                parts.append(Part("extra", extra))
            layer = self._layer((record.name, record.pathname, record.lineno))
            token = enter_alone(layer.with_parts(_arguments(record)))
            try:
                return self._emit(_call(logger, handlers, parts)).write()
            finally:
                leave_layer(token)
        finally:
            _busy.reset(busy)

    def _layer(self, line: Line) -> Layer:
        """Return what remembers what the line has said; how often it said it again is kept."""
        now = time.monotonic()
        since, layer = self._said.get(line, (0.0, None))
        if layer is None or now - since > SECONDS:
            layer = Layer(before=layer.again if layer is not None else {})
            self._said.pop(line, None)  # its next place is behind all others
            self._said[line] = (now, layer)
            if len(self._said) > MAX_LINES:
                self._said.popitem(last=False)
        return layer


def _is_plain(record: logging.LogRecord) -> bool:
    """Whether the message can be made without asking an object of the application."""
    if record.exc_info or type(record.msg) is not str:
        return False
    given = record.args
    if not given:
        return True
    values = given.values() if type(given) is dict else given
    return type(given) in (dict, tuple) and all(type(value) in _PLAIN for value in values)


def _message(record: logging.LogRecord) -> str | None:
    """Return what the handlers write, or have written, without time and level."""
    if _is_plain(record):
        if not record.args:
            return str(record.msg)
        try:
            return str(record.msg % record.args)
        except (TypeError, ValueError, KeyError):
            return None
    made = [vars(record).get("message"), vars(record).get("exc_text")]
    texts = [text for text in made if type(text) is str]
    return "\n".join(texts) if texts else None


def _arguments(record: logging.LogRecord) -> tuple[Part, ...]:
    given = record.args
    if type(given) is dict:
        return (Part("args", given),)
    return (Part("args", list(given)),) if type(given) is tuple and given else ()


def _extra(record: logging.LogRecord, handlers: list[logging.Handler]) -> dict[str, Any]:
    """Return the fields beside the message, as far as a handler writes them."""
    if vars(record).keys() <= _OWN_FIELDS:
        return {}
    given = {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
    return {
        name: value for name, value in given.items() if any(_tells(one, name) for one in handlers)
    }


def _tells(handler: logging.Handler, name: str) -> bool:
    """Whether a handler writes a field: by name, or because its formatter writes all there are."""
    formatter = handler.formatter
    if formatter is None:
        return not type(handler).__module__.startswith("logging")
    if type(formatter).format is not logging.Formatter.format:
        return True
    text = getattr(formatter, "_fmt", None) or ""
    return f"({name})" in text or f"{{{name}" in text or f"${name}" in text or f"${{{name}" in text


def _handlers(logger: logging.Logger, level: int) -> list[logging.Handler]:
    """Return the handlers that a record goes to."""
    found: list[logging.Handler] = []
    at: logging.Logger | None = logger
    while at is not None:
        found += [
            handler
            for handler in at.handlers
            if level >= handler.level and type(handler) is not logging.NullHandler
        ]
        at = at.parent if at.propagate else None
    return found


def _call(logger: logging.Logger, handlers: list[logging.Handler], parts: list[Part]) -> Call:
    names = dict.fromkeys(type(handler).__name__ for handler in handlers)
    return Call(
        kind=semconv.FILE_WRITE,
        destination=f"logging {logger.name} → {', '.join(names)}",
        parts=tuple(parts),
    )
