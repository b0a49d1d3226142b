"""Functions that were taken by name before tracking started are counted: no patch reaches them."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest

from sst_otel import missed
from sst_otel.patching import Patches


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Any:
    missed.forget()
    module = ModuleType("sst_test_library")
    exec("def send(data):\n    return data\n", vars(module))
    monkeypatch.setitem(sys.modules, "sst_test_library", module)
    return module


def taker(monkeypatch: pytest.MonkeyPatch, name: str, **names: Any) -> None:
    module = ModuleType(name)
    vars(module).update(names)
    monkeypatch.setitem(sys.modules, name, module)


def through(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    return wrapped(*args, **kwargs)


def test_who_took_it_is_named(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    taker(monkeypatch, "shop.mail", send=library.send)
    taker(monkeypatch, "shop.other", send=len)
    taker(monkeypatch, "sst_test_library.inner", send=library.send)
    taker(monkeypatch, "copies.sst_test_library", send=library.send)
    taker(monkeypatch, "opentelemetry.sst_test", send=library.send)
    patches = Patches("test")
    patches.wrap("sst_test_library", "send", through)
    try:
        assert library.send(3) == 3
        assert missed.counts() == {missed.TAKEN: {"sst_test_library.send in shop.mail": 1}}
    finally:
        patches.undo()


def test_a_module_that_loads_itself_when_asked_is_left_alone(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("this")
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    lazy = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "sst_lazy", lazy)
    spec.loader.exec_module(lazy)
    patches = Patches("test")
    patches.wrap("sst_test_library", "send", through)
    patches.undo()
    assert type(lazy) is not ModuleType
