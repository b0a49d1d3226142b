"""Calls that are sent later run in their layer, and are otherwise the calls they were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from contextvars import copy_context
from typing import Any

import pytest
import wrapt

from sst_otel import guard
from sst_otel.sinks.deferred import deferred_layer, manager_layer, manager_made
from sst_otel.sinks.layers import Layer, current_layer


def operation() -> str:
    layer = current_layer()
    return layer.operation if layer is not None else ""


def layered(function: Callable[..., Any]) -> Any:
    wrapper = deferred_layer("test", lambda *_: Layer("X", "ask"))
    return wrapt.FunctionWrapper(function, wrapper)


seen: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


@layered
def numbers(*, wrong: bool = False) -> Generator[Any, Any, str]:
    seen.append(operation())
    if wrong:
        raise LookupError("no")
    try:
        while True:
            try:
                seen.append((yield operation()))
            except KeyError as error:
                seen.append(error)
                return "the end"
    finally:
        seen.append("closed")


@layered
async def numbers_async(*, wrong: bool = False) -> AsyncGenerator[Any, Any]:
    seen.append(operation())
    if wrong:
        raise LookupError("no")
    try:
        while True:
            try:
                seen.append((yield operation()))
            except KeyError as error:
                seen.append(error)
                return
    finally:
        seen.append("closed")


class TestGenerators:
    """Sent by the first ``next``; then only handed through."""

    def test_the_layer_is_open_until_the_first_item(self) -> None:
        made = numbers()
        assert (made.__name__, seen) == ("numbers", [])
        assert (next(made), operation()) == ("ask", "")
        assert next(made) == ""
        assert seen == ["ask", None]

    def test_send_throw_and_the_value_returned(self) -> None:
        made, error = numbers(), KeyError()
        next(made)
        made.send(7)
        with pytest.raises(StopIteration) as stopped:
            made.throw(error)
        assert stopped.value.value == "the end"
        assert seen == ["ask", 7, error, "closed"]

    def test_closing_and_failing(self) -> None:
        made = numbers()
        next(made)
        made.close()
        assert seen == ["ask", "closed"]
        with pytest.raises(LookupError):
            next(numbers(wrong=True))
        assert operation() == ""

    def test_async(self) -> None:
        async def use() -> None:
            made, error = numbers_async(), KeyError()
            assert (await made.__anext__(), operation()) == ("ask", "")
            assert await made.asend(7) == ""
            with pytest.raises(StopAsyncIteration):
                await made.athrow(error)
            assert seen == ["ask", 7, error, "closed"]
            seen.clear()
            async with aclosing(numbers_async()) as again:
                await again.__anext__()
            assert seen == ["ask", "closed"]
            with pytest.raises(LookupError):
                await numbers_async(wrong=True).__anext__()

        asyncio.run(use())


class Sending:
    """A context manager that sends when it is entered."""

    def __init__(self) -> None:
        self.made = True

    def __enter__(self) -> str:
        return operation()

    def __exit__(self, *_: object) -> None:
        return None

    async def __aenter__(self) -> str:
        await asyncio.sleep(0)
        return operation()

    async def __aexit__(self, *_: object) -> None:
        return None


@pytest.fixture
def _entering(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("__enter__", "__aenter__"):
        watched = wrapt.FunctionWrapper(vars(Sending)[name], manager_layer("test"))
        monkeypatch.setattr(Sending, name, watched)
    made = wrapt.FunctionWrapper(vars(Sending)["__init__"], manager_made("test"))
    monkeypatch.setattr(Sending, "__init__", made)


@pytest.mark.usefixtures("_entering")
def test_managers_send_in_the_layer_of_the_call_that_made_them() -> None:
    async def use() -> str:
        async with layered(lambda: [Sending()])()[0] as sent:
            return str(sent)

    with layered(lambda: [Sending()])()[0] as sent:  # in something that somebody else made
        assert (sent, operation()) == ("ask", "")
    assert asyncio.run(use()) == "ask"
    with Sending() as sent:
        assert sent == ""


@pytest.mark.usefixtures("_entering")
def test_the_outermost_call_that_has_returned_names_what_a_manager_sends() -> None:
    ask = layered(Sending)

    def around(function: Callable[[], Any]) -> Any:
        return wrapt.FunctionWrapper(function, deferred_layer("test", lambda *_: Layer("Y", "all")))

    def entered_inside() -> str:
        with ask() as sent:
            return str(sent)

    manager = around(ask)()
    for _ in range(2):
        with manager as sent:
            assert (sent, operation()) == ("all", "")
    assert around(entered_inside)() == "ask"


def test_coroutines_are_awaited_in_the_layer() -> None:
    async def ask(*, wrong: bool = False) -> Any:
        await asyncio.sleep(0)
        if wrong:
            raise LookupError("no")
        return operation(), numbers()

    async def use() -> None:
        made = layered(ask)()
        assert (asyncio.iscoroutine(made), made.__name__) == (True, "ask")
        sent, later = await made
        assert (sent, next(later), operation()) == ("ask", "ask", "")
        with pytest.raises(LookupError):
            await layered(ask)(wrong=True)
        assert operation() == ""

    asyncio.run(use())


def test_an_abandoned_call_is_closed_from_anywhere() -> None:
    async def ask() -> None:
        await asyncio.sleep(0)

    guard.reset()
    made = layered(ask)()
    copy_context().run(made.send, None)
    made.close()
    assert (operation(), guard.error_counts()) == ("", {})


def test_where_no_layer_is_opened_or_ours_fails_nothing_changes() -> None:
    def fails(*_: Any) -> Layer:
        raise RuntimeError("ours")

    for open_layer in (lambda *_: None, fails):
        wrapped = wrapt.FunctionWrapper(lambda: iter([1]), deferred_layer("test", open_layer))
        assert list(wrapped()) == [1]
