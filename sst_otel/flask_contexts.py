"""The context of the current Flask request, asked for without the proxies that cost a call each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any


def request_context() -> Any:
    """Return what has the current ``request`` and ``session`` of Flask; None outside of one."""
    return _getter()()


@cache
def _getter() -> Callable[[], Any]:
    """Return what gives the context in this version of Flask, which has been imported by then."""
    found = import_module("flask.globals")
    if hasattr(found, "_cv_request"):
        context = found._cv_request
        return lambda: context.get(None)
    if hasattr(found, "_cv_app"):  # one context for application and request
        return lambda: _with_request(found._cv_app.get(None))
    return lambda: found._request_ctx_stack.top  # Flask 2.1


def _with_request(context: Any) -> Any:
    return context if getattr(context, "has_request", False) else None
