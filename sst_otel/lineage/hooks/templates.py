"""Templates that libraries fill for the program: by ``string.Formatter`` and ``string.Template``.

langchain's prompts are: ``"{name} earns {income}"`` is put together where nothing is rewritten, and
an income says nothing in the bytes of a sentence. The text is known as one composed of what it
shows of the values that it was given.
"""

from __future__ import annotations

import functools
import string
from collections.abc import Callable, Iterator
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage import refine
from sst_otel.registry.identity import IDS
from sst_otel.scope import PROCESS, current_scope
from sst_otel.tracebacks import drop_own_entry

_guarded = guard("hooks")


def _filling(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return what stands in for a method that fills a template."""

    @functools.wraps(original)
    def fill(*args: Any, **kwargs: Any) -> Any:
        try:
            text = original(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            drop_own_entry(error)
            raise
        scope = current_scope()
        if scope is not PROCESS and scope.live:
            with _guarded:
                sources = [IDS[id(value)] for value in _given(args, kwargs) if id(value) in IDS]
                if sources and id(text) not in IDS:
                    refine.show(text, sources)
        return text

    return fill


def _given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
    """Yield the values: given one by one, or in a dictionary or a tuple."""
    for value in (*args[1:], *kwargs.values()):
        if type(value) is dict:
            yield from dict.values(value)
        elif type(value) is tuple:
            yield from value
        else:
            yield value


HOOKED: tuple[tuple[type, str, Any, Any], ...] = tuple(
    (kind, name, getattr(kind, name), _filling(getattr(kind, name)))
    for kind, name in (
        (string.Formatter, "vformat"),
        (string.Template, "substitute"),
        (string.Template, "safe_substitute"),
    )
)
"""(class, method, original, stand-in)."""
