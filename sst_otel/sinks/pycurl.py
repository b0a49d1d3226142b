"""pycurl: options as they are set, looked at when the transfer begins.

Its types are written in C and libcurl sends below Python, so subclasses stand in their place that
remember what leaves; what was made before is still an instance of them. Unseen: handles of a
``Curl`` that was imported by name before tracking began, files that libcurl opens by itself
(``FORM_FILE``), forms made of ``CurlMime``, redirects to other hosts, and what ``Curl.send`` writes
to a raw connection.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.shares import Call
from sst_otel.sinks.curl_options import call_of
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.streams import LateWatcher, WatchedFile
from sst_otel.sinks.wrapping import Args, Kwargs, door
from sst_otel.tracebacks import unseen

_PLACE = "sink.pycurl"
_guarded = guard(_PLACE)
_KEPT = (
    *("URL", "POSTFIELDS", "COPYPOSTFIELDS", "HTTPHEADER", "COOKIE", "USERPWD", "USERNAME"),
    *("CUSTOMREQUEST", "UPLOAD", "POST", "NOBODY", "HTTPPOST", "MAIL_FROM", "MAIL_RCPT"),
    *("XOAUTH2_BEARER", "REFERER", "USERAGENT", "READFUNCTION", "READDATA", "PORT"),
    "FOLLOWLOCATION",
)


_handles: weakref.WeakKeyDictionary[Any, dict[str, Any]] = weakref.WeakKeyDictionary()
"""Easy handle → name of an option → what it was set to; what watches it where it reads."""


def install(emit: Outgoing) -> Patches:
    """Watch what leaves through pycurl."""
    patches = Patches(_PLACE)

    def replace(module: ModuleType) -> None:
        curl, multi = module.Curl, module.CurlMulti
        ours = _curl_class(module, curl, patches, emit)
        made = {"Curl": ours, "CurlMulti": _multi_class(multi, patches, emit)}
        for name, kind in made.items():
            setattr(module, name, kind)
            patches.installed.append(f"pycurl:{name}")

        def restore() -> None:
            for name, original in (("Curl", curl), ("CurlMulti", multi)):
                if getattr(module, name) is made[name]:
                    setattr(module, name, original)

        patches.on_undo(restore)

    patches.when_imported("pycurl", replace)
    return patches


def _in_place_of(original: type) -> type:
    """Return a metaclass whose classes have every instance of ``original`` as their own."""

    class Standing(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, original)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, original)

    return Standing


def _curl_class(module: ModuleType, original: Any, patches: Patches, emit: Outgoing) -> type:
    names = {getattr(module, name): name for name in _KEPT if hasattr(module, name)}
    watched = door(_PLACE, emit, _call, _tee)

    @unseen
    def run(perform: Callable[[], Any], curl: Any) -> Any:
        return watched(perform, curl, (), {}) if patches.active else perform()

    class Curl(original, metaclass=_in_place_of(original)):  # type: ignore[misc, metaclass]
        __doc__ = original.__doc__
        __module__ = "pycurl"

        @unseen
        def setopt(self, option: Any, value: Any) -> Any:
            if patches.active:
                with _guarded:
                    value = _set(self, names.get(option), value)
            return super().setopt(option, value)

        @unseen
        def setopt_string(self, option: Any, value: Any) -> Any:
            if patches.active:
                with _guarded:
                    _set(self, names.get(option), value)
            return super().setopt_string(option, value)

        @unseen
        def unsetopt(self, option: Any) -> Any:
            with _guarded:
                options_of(self).pop(names.get(option, ""), None)
            return super().unsetopt(option)

        @unseen
        def reset(self) -> Any:
            _handles.pop(self, None)
            return super().reset()

        @unseen
        def duphandle(self) -> Any:
            made = super().duphandle()
            with _guarded:
                options_of(made).update(options_of(self))
            return made

        @unseen
        def perform(self) -> Any:
            return run(super().perform, self)

        @unseen
        def perform_rb(self) -> Any:
            return run(super().perform_rb, self)

        @unseen
        def perform_rs(self) -> Any:
            return run(super().perform_rs, self)

    return Curl


def _multi_class(original: Any, patches: Patches, emit: Outgoing) -> type:
    watched = door(_PLACE, emit, _added)

    class CurlMulti(original, metaclass=_in_place_of(original)):  # type: ignore[misc, metaclass]
        __doc__ = original.__doc__
        __module__ = "pycurl"

        @unseen
        def add_handle(self, handle: Any) -> Any:
            if not patches.active:
                return super().add_handle(handle)
            with _guarded:
                _begin(handle, emit)
            return watched(super().add_handle, self, (handle,), {})

        @unseen
        def remove_handle(self, handle: Any) -> Any:
            result = super().remove_handle(handle)
            with _guarded:
                reader = _reader_of(_handles.get(handle, {}))
                if reader is not None:
                    _end(reader)
            return result

    return CurlMulti


def options_of(curl: Any) -> dict[str, Any]:
    """Return what was set on a handle: names of libcurl's options → their values."""
    return _handles.setdefault(curl, {})


def set_below(curl: Any, name: str, value: Any) -> None:
    """Set an option of a handle, known on as what the application has set; nothing: unset it."""
    theirs: Any = next(kind for kind in type(curl).__mro__ if type(kind) is type)
    option = getattr(curl, name)
    theirs.setopt(curl, option, value) if value else theirs.unsetopt(curl, option)


def _set(curl: Any, name: str | None, value: Any) -> Any:
    """Keep an option, and return the value to set: one that reads is watched as it does."""
    if name is None:
        return value
    options = options_of(curl)
    if name == "READFUNCTION" and callable(value):
        reader = options[name] = LateWatcher()
        return _reading(value, reader)
    if name == "READDATA" and hasattr(value, "read"):
        reader = options[name] = LateWatcher()
        return WatchedFile(value, reader)
    options[name] = value
    return value


def _reading(function: Callable[[int], Any], reader: LateWatcher) -> Callable[[int], Any]:
    def read(size: int) -> Any:
        chunk = function(size)
        reader.part(chunk)
        return chunk

    return read


def _tee(curl: Any, _args: Args, _kwargs: Kwargs, share: Share) -> Callable[[], None] | None:
    reader = _reader_of(options_of(curl))
    if reader is None:
        return None
    reader.share = share

    def restore() -> None:
        reader.share = None

    return restore


def _begin(curl: Any, emit: Outgoing) -> None:
    """Look at the body of a transfer among several, which outlasts the call that adds it."""
    reader = _reader_of(_handles.get(curl, {}))
    if reader is not None and not emit.idle():
        call = _call(curl, (), {})
        reader.share = emit.later(call) if call is not None else None


def _end(reader: LateWatcher) -> None:
    """Note the end of a transfer of several."""
    share, reader.share = reader.share, None
    if share is not None:
        share.done()


def _added(_multi: Any, args: Args, _kwargs: Kwargs) -> Call | None:
    """Describe a transfer whose body is there; it counts as sent when it is added."""
    options = _handles.get(args[0])
    return None if options is None or _reader_of(options) is not None else _call(args[0], (), {})


def _reader_of(options: dict[str, Any]) -> LateWatcher | None:
    found = options.get("READFUNCTION", options.get("READDATA"))
    return found if isinstance(found, LateWatcher) else None


def _call(curl: Any, _args: Args, _kwargs: Kwargs) -> Call | None:
    return call_of(options_of(curl))
