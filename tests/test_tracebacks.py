"""No frame of ours stands in the traceback of an exception that passes through us."""

from __future__ import annotations

import ast
import queue
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import flask
import httpx
import pytest

import sst_otel
from tests.support import Tracking

SOURCES = Path(sst_otel.__file__).parent
MAIL = "ann.keller@example.com"
_ENDS_INSIDE = {
    ("sources/threads.py", "_bootstrap"),  # in the thread's hook for exceptions
    ("sources/threads.py", "_run"),  # in the future
    ("sources/threads.py", "_submit"),  # the item is made already
}
"""What a wrapped function raises does not come out of these."""


def modules_of(error: BaseException) -> list[str]:
    found, entry = [], error.__traceback__
    while isinstance(entry, TracebackType):
        found.append(entry.tb_frame.f_globals["__name__"])
        entry = entry.tb_next
    return found


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function itself, not in those inside it."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield node
            yield from own_nodes(node)


def test_every_wrapper_takes_its_entry_off() -> None:
    kept = set()
    wrappers = 0
    for path in SOURCES.rglob("*.py"):
        where = path.relative_to(SOURCES).as_posix()
        if where.startswith("testing/"):
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            called = {
                node.func.id
                for node in own_nodes(function)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            decorators = {one.id for one in function.decorator_list if isinstance(one, ast.Name)}
            if "wrapped" in called:
                wrappers += 1
                if "drop_own_entry" not in called and "unseen" not in decorators:
                    kept.add((where, function.name))
    assert wrappers >= 30
    assert kept == _ENDS_INSIDE


def test_a_view_that_raises(tracking: Tracking) -> None:
    app = flask.Flask("shop")
    app.testing = True

    @app.post("/join")
    def join() -> str:
        raise ValueError(flask.request.form["email"])

    with pytest.raises(ValueError, match="ann") as caught:
        app.test_client().post("/join", data={"email": MAIL})
    assert [name for name in modules_of(caught.value) if name.startswith("sst_otel")] == []


def test_queues_that_are_full_or_empty(tracking: Tracking) -> None:
    small: queue.Queue[str] = queue.Queue(1)
    small.put(MAIL)
    with pytest.raises(queue.Full) as full:
        small.put(MAIL, block=False)
    small.get()
    with pytest.raises(queue.Empty) as empty:
        small.get(block=False)
    for caught in (full, empty):
        assert [name for name in modules_of(caught.value) if name.startswith("sst_otel")] == []


def test_an_async_method_that_is_called_wrongly(tracking: Tracking) -> None:
    request = httpx.Request("GET", "http://127.0.0.1:9")
    with pytest.raises(TypeError) as caught:
        httpx.AsyncClient().send(request, address=MAIL)  # type: ignore[call-arg,unused-coroutine]
    assert modules_of(caught.value) == [__name__]
