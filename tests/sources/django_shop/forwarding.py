"""Whom views hand on to what they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

_forwards: list[Callable[[Any], Any]] = []


def forward(value: Any) -> None:
    _forwards[-1](value)


def forward_by(act: Callable[[Any], Any]) -> None:
    """Have all views hand on what they are given by ``act``."""
    _forwards[:] = [act]


def answer(value: Any) -> HttpResponse:
    forward(value)
    return HttpResponse("ok")
