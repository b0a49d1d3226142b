"""Files that the application writes, where their paths match what is set to be watched.

Exports, reports and spools are read by somebody; by whom, nobody here knows. Opened by ``open``
(and so by ``pathlib``, ``csv``, ``json``, pandas' ``to_csv``, ``gzip`` …); what libraries in C
write by themselves, pyarrow's Parquet say, is not seen.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import PurePath
from typing import Any

from sst_otel import semconv
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper, named_arguments
from sst_otel.shares import Call
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.watched_files import watched_bytes, watched_text
from sst_otel.sinks.wrapping import Args, Kwargs
from sst_otel.sinks.written import Written
from sst_otel.tracebacks import unseen

_PLACE = "sink.files"
_WRITES = frozenset("wax+")
_BINARY = frozenset({io.BufferedWriter, io.BufferedRandom})
_ARGUMENTS = ("file", "mode", "buffering", "encoding", "errors", "newline")


def install(emit: Outgoing, patterns: Sequence[str]) -> Patches:
    """Watch files whose paths match one of ``patterns``; without any nothing is touched."""
    patches = Patches(_PLACE)
    if patterns:
        wrapper = _opening(emit, [(pattern, os.path.abspath(pattern)) for pattern in patterns])
        patches.wrap("builtins", "open", wrapper)
        patches.wrap("io", "open", wrapper)
    return patches


def _opening(emit: Outgoing, patterns: list[tuple[str, str]]) -> Wrapper:
    guarded = guard(_PLACE)

    @unseen
    def wrapper(wrapped: Any, _instance: Any, args: Args, kwargs: Kwargs) -> Any:
        pattern = ""
        with guarded:
            if _is_for_writing(args, kwargs):
                pattern = _matching(args[0] if args else kwargs.get("file"), patterns)
        if not pattern:
            return wrapped(*args, **kwargs)
        opened = wrapped(*args, **kwargs)
        watched = opened
        with guarded:
            watched = _watched(opened, args, kwargs, Written(emit, _call(pattern)))
        return watched

    return wrapper


def _watched(opened: Any, args: Args, kwargs: Kwargs, written: Written) -> Any:
    """Return the file to hand out; one without a buffer is handed out as it is."""
    given = named_arguments(_ARGUMENTS, args, kwargs)
    if type(opened) is io.TextIOWrapper:
        return watched_text(opened, given.get("newline"), written)
    if type(opened) in _BINARY:
        return watched_bytes(opened, given.get("buffering", -1), written)
    return opened


def _is_for_writing(args: Args, kwargs: Kwargs) -> bool:
    mode = args[1] if len(args) > 1 else kwargs.get("mode", "r")
    return type(mode) is str and not _WRITES.isdisjoint(mode)


def _matching(path: Any, patterns: list[tuple[str, str]]) -> str:
    """Return the pattern that speaks for a path; empty for other paths and for open descriptors."""
    if not (type(path) is str or isinstance(path, PurePath)):
        return ""
    full = os.path.abspath(path)
    return next((given for given, pattern in patterns if fnmatch(full, pattern)), "")


def _call(pattern: str) -> Call:
    return Call(
        kind=semconv.FILE_WRITE,
        destination=f"file {pattern}",  # never the file's own name, which may be a person's
    )
