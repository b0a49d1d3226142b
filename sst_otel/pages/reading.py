"""What the pages and the command need around the audit store's reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the request path imports the reader on first use only
    from sst_otel.audit.queries import Reader

ReaderFactory = Callable[[], "Reader"]
"""Opens a reader of the audit store; whoever calls it closes it."""


def code_line(event: Mapping[str, Any]) -> str:
    """Return ``file:line in function`` of the application's line that shared, or ``""``."""
    stack = stack_lines(event)
    return stack[-1] if stack else ""


def stack_lines(event: Mapping[str, Any]) -> list[str]:
    """Return the application's frames of an event, outermost first."""
    stack = event.get("stack_trace") or ()
    lines = stack.splitlines() if isinstance(stack, str) else [str(line) for line in stack]
    return [line.strip() for line in lines if line.strip()]
