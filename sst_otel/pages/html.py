"""HTML that escapes by default, in forty lines.

A template engine is no dependency of this package: ``sst-otel serve`` runs where Flask, and with it
Jinja2, may not be installed. Elements as function calls are checked by the type checker, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Union  # the recursive alias has no "|" before Python 3.12

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Markup(str):
    """Text that is HTML already. Only :func:`h` and :func:`join` make it."""

    __slots__ = ()


Child = Union[str, int, None, "Iterable[Child]"]


def h(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """Return an element; texts and attribute values are escaped, ``None`` is left out.

    Attributes are written ``class_``, ``aria_label``, ``for_``; ``True`` is a bare attribute,
    ``False`` and ``None`` leave it out.
    """
    opening = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{opening}>")
    return Markup(f"<{name}{opening}>{join(children)}</{name}>")


def join(child: Child, between: str = "") -> Markup:
    """Return the HTML of a child, or of children one after the other."""
    if child is None:
        return Markup("")
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return Markup(escape(child))
    if isinstance(child, int):
        return Markup(child)
    return Markup(escape(between).join(join(item) for item in child if item is not None))
