"""What the tests of language models have in common: a prompt, a call of any kind, tracking."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # litellm would fetch one when imported

MAIL = "ann.keller@example.com"
PROMPT = f"Write to {MAIL}, please."
ASK: list[Any] = [{"role": "user", "content": PROMPT}]


def use(function: Callable[..., Any], *args: Any, **given: Any) -> list[Any]:
    """Call a function, ``async`` or not, and read all of what it streams; returns what it gave.

    Proxies of instrumentations have the methods of every kind of stream: how it is called tells.
    """
    result = function(*args, **given)
    if not inspect.isawaitable(result):
        return list(result) if hasattr(result, "__next__") else [result]

    async def ask() -> list[Any]:
        answer = await result
        return [one async for one in answer] if hasattr(answer, "__anext__") else [answer]

    return asyncio.run(ask())


def use_any(function: Callable[..., Any], *args: Any, **given: Any) -> list[Any]:
    """Do the same with functions that give managers to be entered, beside no instrumentation."""
    result = function(*args, **given)
    if not inspect.isawaitable(result) and not hasattr(result, "__aenter__"):
        if hasattr(result, "__enter__"):
            with result as result:
                return list(result)
        return list(result) if hasattr(result, "__next__") else [result]

    async def ask() -> list[Any]:
        answer = await result if inspect.isawaitable(result) else result
        if hasattr(answer, "__aenter__"):
            async with answer as answer:
                return [one async for one in answer]
        return [one async for one in answer] if hasattr(answer, "__anext__") else [answer]

    return asyncio.run(ask())
