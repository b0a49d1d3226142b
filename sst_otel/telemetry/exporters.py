"""Exporters get telemetry without personal values, whoever made them and whenever.

The ``export`` of every exporter's class is wrapped: of the classes there are, of those defined
later, and of objects that only look like exporters when a processor is given one. What a vendor's
SDK exports for its own product goes out as it is: that is a share (:mod:`.vendors`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from types import ModuleType
from typing import Any

from sst_otel.beside import watching
from sst_otel.guard import count_error, guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.recipients import Register
from sst_otel.tagging import Tagger
from sst_otel.telemetry.items import Kind, Logs, Metrics, Spans
from sst_otel.telemetry.redaction import Redactor
from sst_otel.telemetry.vendors import Vendors
from sst_otel.tracebacks import drop_own_entry

PLACE = "telemetry.redaction"
"""Of its patches."""
_guarded = guard(PLACE)
_exporting: ContextVar[bool] = ContextVar("sst_exporting", default=False)

_PROCESSORS = {
    "opentelemetry.sdk.trace.export": ("SimpleSpanProcessor", "BatchSpanProcessor"),
    "opentelemetry.sdk._logs._internal.export": (
        "SimpleLogRecordProcessor",
        "BatchLogRecordProcessor",
    ),
}
_BASES: dict[str, tuple[tuple[str, ...], Kind]] = {
    "opentelemetry.sdk.trace.export": (("SpanExporter",), Spans()),
    "opentelemetry.sdk._logs._internal.export": (("LogRecordExporter", "LogExporter"), Logs()),
    "opentelemetry.sdk.metrics._internal.export": (("MetricExporter",), Metrics()),
}
"""Where the base classes are → their names, newest first, and what they export."""


def install(tagger: Tagger, register: Register) -> Patches:
    """Wrap all exporters there are and will be."""
    patches = Patches(PLACE)
    redactor = Redactor(tagger.registry, tagger.classifier, tagger.tag)
    vendors = Vendors(lambda host, path: register.lookup(host, path).purpose)
    for module, (names, kind) in _BASES.items():
        wrapper = _wrapper(redactor, vendors, kind)
        patches.when_imported(module, partial(_hook_base, patches, names, wrapper))
        for processor in _PROCESSORS.get(module, ()):
            noted = watching(PLACE, partial(_note_exporter, patches, vendors, wrapper))
            patches.wrap(module, f"{processor}.__init__", noted, optional=True)
    return patches


def _hook_base(
    patches: Patches, names: Sequence[str], wrapper: Wrapper, module: ModuleType
) -> None:
    base = next((vars(module)[name] for name in names if name in vars(module)), None)
    if base is None:
        count_error(PLACE, f"{names[0]} is not there")
        return

    def hook(kind: type) -> None:
        if patches.active and "export" in vars(kind):
            with _guarded:
                patches.wrap_method(kind, "export", wrapper)

    _for_each_subclass(base, hook)
    _hook_later_subclasses(patches, base, hook)


def _for_each_subclass(base: type, hook: Callable[[type], None]) -> None:
    waiting: list[type] = [base]
    seen = set()
    while waiting:
        below: type
        for below in type.__subclasses__(waiting.pop()):
            if id(below) not in seen:
                seen.add(id(below))
                hook(below)
                waiting.append(below)


def _hook_later_subclasses(patches: Patches, base: Any, hook: Callable[[type], None]) -> None:
    name = "__init_subclass__"
    former = vars(base).get(name)

    def init_subclass(cls: type, /, **kwargs: Any) -> None:
        if former is not None:
            former.__get__(None, cls)(**kwargs)
        else:
            super(base, cls).__init_subclass__(**kwargs)
        hook(cls)

    ours: Any = classmethod(init_subclass)
    setattr(base, name, ours)

    def restore() -> None:
        if vars(base).get(name) is ours:
            if former is None:
                delattr(base, name)
            else:
                setattr(base, name, former)

    patches.on_undo(restore)


def _note_exporter(
    patches: Patches,
    vendors: Vendors,
    wrapper: Wrapper,
    processor: Any,
    _result: object,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> None:
    """Note whose exporter a processor is given, and wrap one that is of no exporter's class."""
    exporter = args[0] if args else kwargs.get("span_exporter", kwargs.get("exporter"))
    if exporter is None:
        return
    vendors.note(exporter, processor)
    holder = next((kind for kind in type(exporter).__mro__ if "export" in vars(kind)), None)
    if holder is not None and not patches.holds(holder, "export"):
        patches.wrap_method(holder, "export", wrapper)


def _wrapper(redactor: Redactor, vendors: Vendors, kind: Kind) -> Wrapper:
    def wrapper(
        wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        token = None
        try:
            if not _exporting.get():  # or an exporter hands on to another what it was given
                token = _exporting.set(True)
                args, kwargs = _prepared(redactor, vendors, kind, instance, args, kwargs)
            return wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            if token is not None:
                _exporting.reset(token)

    return wrapper


def _prepared(
    redactor: Redactor,
    vendors: Vendors,
    kind: Kind,
    exporter: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """Return what the exporter is to be given."""
    with _guarded:
        if redactor.idle() or vendors.is_theirs(exporter):
            return args, kwargs
    if args:
        return (_redacted(redactor, kind, args[0]), *args[1:]), kwargs
    name = next(iter(kwargs), None)  # spans=, batch=, metrics_data=: there is no other before it
    if name is None:
        return args, kwargs
    return args, {**kwargs, name: _redacted(redactor, kind, kwargs[name])}


def _redacted(redactor: Redactor, kind: Kind, batch: Any) -> Any:
    """Return a batch without personal values; what cannot be looked at goes without its texts."""
    single = isinstance(kind, Metrics)
    with _guarded:
        items = [batch] if single else list(batch)
        made = _at_once(redactor, kind, items)
        if made is items:
            return batch
        return made[0] if single else type(batch)(made) if type(batch) is tuple else made
    kept = []
    for item in [batch] if single else batch:
        with _guarded:
            kept += _at_once(redactor, kind, [item])
            continue
        with _guarded:
            kept.append(kind.stripped(item))
    if single:
        return kept[0] if kept else None
    return kept


def _at_once(redactor: Redactor, kind: Kind, items: list[Any]) -> list[Any]:
    collected = redactor.collected()
    for item in items:
        kind.collect(item, collected)
    swaps = redactor.swaps(collected)
    if collected.unreadable:
        count_error(PLACE, "values of unknown types")
    elif not swaps.texts and not swaps.pairs:
        return items
    return [kind.copied(item, swaps) for item in items]
