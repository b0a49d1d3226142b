"""Our frames left out of the stacks that error trackers send with everybody's locals.

An exception that passes through us keeps no entry of ours (:mod:`sst_otel.tracebacks`). But a
tracker that takes the stack as it is, for a message or to complete a traceback, finds our wrappers
and the engine in it, with what they are looking at. Each asks one function of its own about a
frame; for ours that says what it says where a frame has the local ``__traceback_hide__``. The
marker itself would have to stand in every function of ours that may be running then: in all.

Loggers that print the variables of a stack have no such question: of what they show of running
functions ours are taken out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sst_otel.beside import noting
from sst_otel.guard import guard
from sst_otel.patching import Patches, Wrapper
from sst_otel.tracebacks import unseen

_PLACE = "hidden_frames"
_guarded = guard(_PLACE)
_OURS = str(Path(__file__).parent) + os.sep
_TRACKERS: tuple[tuple[str, str, bool | None], ...] = (
    ("sentry_sdk.utils", "should_hide_frame", True),
    ("elasticapm.utils.stacks", "get_frame_info", None),
)
"""Module, function of a frame, what it returns of one to be left out."""
_LOGURU = "ExceptionFormatter._extract_frames"


def install() -> Patches:
    """Have trackers that send the locals of running functions leave ours out."""
    patches = Patches(_PLACE)
    for module, function, hidden in _TRACKERS:
        patches.wrap(module, function, _hiding(hidden), optional=True)
    patches.wrap("loguru._better_exceptions", _LOGURU, _without_ours, optional=True)
    shown = noting(_PLACE, _not_ours)
    patches.wrap("stackprinter.formatting", "format_stack", shown, optional=True)
    return patches


@unseen
def _without_ours(
    wrapped: Callable[..., Any], _: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Take our lines out of what loguru makes of a stack: ``(frames, last line of source)``."""
    result = wrapped(*args, **kwargs)
    with _guarded:
        frames, *rest = result
        return ([line for line in frames if not line[0].startswith(_OURS)], *rest)
    return result


def _not_ours(
    _: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], Mapping[str, Any]] | None:
    """Give stackprinter the frames that are not ours; they come in an iterator of its own."""
    if not args:
        return None
    frames = list(args[0])
    return ([frame for frame in frames if not _is_ours(frame)], *args[1:]), kwargs


def _hiding(hidden: bool | None) -> Wrapper:
    guarded = guard(_PLACE)

    @unseen
    def wrapper(
        wrapped: Callable[..., Any], _: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        with guarded:
            if _is_ours(args[0] if args else kwargs.get("frame")):
                return hidden
        return wrapped(*args, **kwargs)

    return wrapper


def _is_ours(frame: Any) -> bool:
    module = getattr(frame, "f_globals", {}).get("__name__")
    return type(module) is str and (module == "sst_otel" or module.startswith("sst_otel."))
