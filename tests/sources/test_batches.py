"""What pools and executors hand to their processes, and which call is told to be next when."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import process as executor
from functools import partial
from multiprocessing import pool
from typing import Any

import pytest

from sst_otel.guard import error_counts
from sst_otel.sources.batches import begun

mapstar: Any = vars(pool)["mapstar"]
starmapstar: Any = vars(pool)["starmapstar"]
CallItem: Any = vars(executor)["_CallItem"]
in_pieces: Any = vars(executor)["_process_chunk"]
said: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    said.clear()


def send(*given: Any) -> str:
    said.append(("called", *given))
    return f"{given} sent"


def refuse(given: Any) -> None:
    raise ZeroDivisionError(given)


def begin(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    said.append((function.__name__, *args, *kwargs.items()))


def taken(item: Any) -> Any:
    return begun(item, begin, lambda: said.append("end"), "source.processes")


@pytest.mark.parametrize(
    ("function", "args", "told"),
    [
        (mapstar, ((send, ("a", "b")),), [("a",), ("b",)]),
        (starmapstar, ((send, (("a", 1), ("b", 2))),), [("a", 1), ("b", 2)]),
        (partial(in_pieces, send), ((("a", 1), ("b", 2)),), [("a", 1), ("b", 2)]),
    ],
    ids=["map", "starmap", "chunk"],
)
@pytest.mark.parametrize("kind", ["pool", "executor"])
def test_a_batch(kind: str, function: Any, args: Any, told: list[tuple[Any, ...]]) -> None:
    if kind == "pool":
        *_, function, args, kwargs = taken((1, 2, function, args, {}))
    else:
        item = taken(CallItem(1, function, args, {}))
        function, args, kwargs = item.fn, item.args, item.kwargs
    assert said == []
    assert function(*args, **kwargs) == [f"{given} sent" for given in told]
    calls = [[("send", *given), ("called", *given)] for given in told]
    assert said == [*calls[0], *calls[1], "end"]


def test_one_call() -> None:
    item = (1, None, send, ("a",), {"b": 2})
    assert taken(item) is item
    assert said == [("send", "a", ("b", 2))]


@pytest.mark.parametrize("item", [None, "text", (1, 2, 3, 4, 5), {"a": 1}, (1, "a")])
def test_what_is_no_call(item: Any) -> None:
    assert taken(item) is item
    assert said == []


def test_an_exception_has_no_frame_of_ours() -> None:
    *_, function, args, kwargs = taken((1, 2, mapstar, ((refuse, ("a", "b")),), {}))
    with pytest.raises(ZeroDivisionError) as raised:
        function(*args, **kwargs)
    assert not [entry for entry in raised.traceback if "sst_otel" in str(entry.path)]
    assert said == [("refuse", "a")]


def test_the_items_are_handed_on_where_we_fail() -> None:
    def fail(*_: Any) -> None:
        raise LookupError

    before = sum(error_counts().values())
    item = begun((1, 2, mapstar, ((send, ("a",)),), {}), fail, fail, "source.processes")
    assert item[2](*item[3]) == ["('a',) sent"]
    assert sum(error_counts().values()) == before + 2
