"""Sinks that come with their library: in time for what it takes, once, and not after the end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sst_otel.patching import Patches, Wrapper
from sst_otel.sinks import later

PACKAGE = "sst_sought_package"
SINK = "sought"


def twice(wrapped: Callable[[], int], _instance: Any, _args: Any, _kwargs: Any) -> int:
    return 2 * wrapped()


class Sink:
    """A sink of a package that takes a function out of its own module while it loads."""

    def __init__(self) -> None:
        self.installed: list[Patches] = []
        self.added: list[Patches] = []
        self.waits: threading.Event | None = None
        self.begun = threading.Event()

    def install(self, _emit: Any) -> Patches:
        self.begun.set()
        if self.waits is not None:
            assert self.waits.wait(10)
        patches = Patches(SINK)
        wrapper: Wrapper = twice
        for package in (PACKAGE, f"{PACKAGE}_2"):
            patches.wrap(f"{package}.inner", "number", wrapper)
        self.installed.append(patches)
        return patches

    def start(self) -> Patches:
        return later.install(None, self.added.append)  # type: ignore[arg-type]


@pytest.fixture
def sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    for name, inner in ((PACKAGE, "inner"), (f"{PACKAGE}_2", "other")):
        package = tmp_path / name
        package.mkdir()
        (package / "inner.py").write_text("def number():\n    return 21\n")
        (package / "__init__.py").write_text(f"from {name}.inner import number as {inner}\n")
    made = Sink()
    module = ModuleType(f"sst_otel.sinks.{SINK}")
    module.install = made.install  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(later, "SINKS", {SINK: (PACKAGE, f"{PACKAGE}_2")})
    monkeypatch.syspath_prepend(str(tmp_path))
    yield made
    for patches in made.installed:
        patches.undo()
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


class TestImport:
    """A sink is installed before its library is imported, and once."""

    def test_what_a_package_takes_while_it_loads_is_wrapped(self, sink: Sink) -> None:
        patches = sink.start()
        assert not sink.installed
        assert import_module(PACKAGE).inner() == 42
        assert import_module(f"{PACKAGE}_2").other() == 42
        assert sink.added == sink.installed
        assert len(sink.installed) == 1
        patches.undo()

    def test_a_library_that_is_here_already(self, sink: Sink) -> None:
        module = import_module(f"{PACKAGE}.inner")
        patches = sink.start()
        assert module.number() == 42
        patches.undo()

    def test_a_failure_leaves_the_import_alone(
        self, sink: Sink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr(sys.modules[f"sst_otel.sinks.{SINK}"], "install")
        patches = sink.start()
        assert import_module(PACKAGE).inner() == 21
        assert not sink.added
        patches.undo()


class TestThreads:
    """Whoever imports a library waits for its sink."""

    def test_a_library_imported_while_another_thread_installs_its_sink(self, sink: Sink) -> None:
        sink.waits = threading.Event()
        patches = sink.start()
        results: list[int] = []
        first = threading.Thread(target=lambda: results.append(import_module(PACKAGE).inner()))
        first.start()
        assert sink.begun.wait(10)
        second = threading.Thread(
            target=lambda: results.append(import_module(f"{PACKAGE}_2").other())
        )
        second.start()
        sink.waits.set()
        first.join(10)
        second.join(10)
        assert results == [42, 42]
        assert len(sink.installed) == 1
        patches.undo()


class TestEnd:
    """After the end nothing is installed any more."""

    def test_nothing_is_told_of_imports(self, sink: Sink) -> None:
        before = list(sys.meta_path)
        sink.start().undo()
        assert sys.meta_path == before
        assert import_module(PACKAGE).inner() == 21
        assert not sink.installed

    def test_a_sink_that_was_being_installed(self, sink: Sink) -> None:
        sink.waits = threading.Event()
        patches = sink.start()
        results: list[int] = []
        thread = threading.Thread(target=lambda: results.append(import_module(PACKAGE).inner()))
        thread.start()
        assert sink.begun.wait(10)
        patches.undo()
        sink.waits.set()
        thread.join(10)
        assert results == [21]
        assert not sink.installed[0].active


class Nothing:
    """Takes whatever a sink asks of it while it is installed."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


@pytest.mark.parametrize("name", later.SINKS)
def test_every_package_that_a_sink_wraps_brings_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapped: set[str] = set()
    monkeypatch.setattr(Patches, "when_imported", lambda _self, module, _act: wrapped.add(module))
    import_module(f"sst_otel.sinks.{name}").install(Nothing()).undo()
    packages = later.SINKS[name]
    wrapped = {one for one in wrapped if not one.startswith("opentelemetry.")}  # is there already
    assert wrapped
    assert all(any(f"{one}.".startswith(f"{own}.") for own in packages) for one in wrapped)
    assert all(any(f"{one}.".startswith(f"{own}.") for one in wrapped) for own in packages)
