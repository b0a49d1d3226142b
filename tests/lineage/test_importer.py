"""Which modules are rewritten when they are imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest
import wrapt

import sst_otel.lineage as lineage
from sst_otel.lineage.importer import RewritingLoader
from sst_otel.registry.identity import marked
from tests.lineage.modules import MODULE, is_rewritten, load, write
from tests.lineage.support import describe, fresh, scope, source_value


class TestWhatIsRewritten:
    @pytest.mark.parametrize("name", ["profiles", "emails", "timeline", "codegen", "flask_app"])
    def test_names_that_begin_like_a_library(
        self, name: str, packages: Path, install: Callable[..., None]
    ) -> None:
        write(packages, {f"{name}.py": MODULE})
        install()
        assert is_rewritten(load(name).greet)

    def test_values_are_followed(self, packages: Path, install: Callable[..., None]) -> None:
        write(packages, {"follows.py": MODULE})
        install()
        module = load("follows")
        with scope() as opened:
            name = fresh("Ada Lovelace")
            source_value(name, "name", opened)
            assert describe(marked(module.greet(name))) == "composed name:ada"
            assert describe(marked(module.Person(name).greet())) == "composed name:ada"

    def test_not_the_standard_library(self, install: Callable[..., None]) -> None:
        install()
        sys.modules.pop("this_is_not_loaded", None)
        saved = sys.modules.pop("colorsys", None)
        try:
            assert type(load("colorsys").__loader__) is SourceFileLoader
        finally:
            if saved is not None:
                sys.modules["colorsys"] = saved

    @pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
    def test_not_an_installed_distribution(
        self,
        folder: str,
        packages: Path,
        install: Callable[..., None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        write(packages / folder, {"installed_thing.py": MODULE})
        monkeypatch.syspath_prepend(str(packages / folder))
        install()
        assert not is_rewritten(load("installed_thing").greet)

    def test_an_installed_one_that_is_named(
        self, packages: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(packages / "site-packages", {"named_app/__init__.py": "", "named_app/v.py": MODULE})
        write(packages, {"other_app.py": MODULE, "named_app2.py": MODULE})
        monkeypatch.syspath_prepend(str(packages / "site-packages"))
        install("named_app")
        assert is_rewritten(load("named_app.v").greet)
        assert not is_rewritten(load("other_app").greet)
        assert not is_rewritten(load("named_app2").greet)

    def test_off(self, packages: Path, install: Callable[..., None]) -> None:
        write(packages, {"switched_off.py": MODULE})
        before = list(sys.meta_path)
        install("off")
        assert sys.meta_path == before
        assert not is_rewritten(load("switched_off").greet)

    def test_never_ourselves(self, install: Callable[..., None]) -> None:
        install("sst_otel")
        load("sst_otel.semconv")
        saved = sys.modules.pop("sst_otel.semconv")
        try:
            assert type(load("sst_otel.semconv").__loader__) is SourceFileLoader
        finally:
            sys.modules["sst_otel.semconv"] = saved

    def test_a_module_another_importer_handles(
        self, packages: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(packages, {"handled.py": MODULE})

        class Theirs(SourceFileLoader):
            pass

        class Finder:
            def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
                if name != "handled":
                    return None
                file = str(packages / "handled.py")
                return importlib.util.spec_from_file_location(name, file, loader=Theirs(name, file))

        monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
        install()
        module = load("handled")
        assert type(module.__loader__) is Theirs
        assert not is_rewritten(module.greet)
        assert "Theirs" in lineage.report()["skipped"]["handled"]

    def test_a_module_somebody_waits_for(
        self, packages: Path, install: Callable[..., None]
    ) -> None:
        seen: list[str] = []
        write(packages, {"awaited.py": MODULE})
        wrapt.register_post_import_hook(lambda module: seen.append(module.__name__), "awaited")
        install()
        assert is_rewritten(load("awaited").greet)
        assert seen == ["awaited"]
        assert "awaited" not in lineage.report()["skipped"]

    def test_a_module_that_was_imported_before(
        self, packages: Path, install: Callable[..., None]
    ) -> None:
        write(packages, {"was_early.py": MODULE})
        module = load("was_early")
        install()
        assert lineage.report()["skipped"]["was_early"] == "imported before tracking started"
        importlib.reload(module)
        assert is_rewritten(module.greet)
        assert "was_early" not in lineage.report()["skipped"]

    def test_a_module_of_a_bytecode_reader(
        self, packages: Path, install: Callable[..., None]
    ) -> None:
        write(packages, {"numba.py": "def njit(f):\n    return f\n"})
        write(packages, {"fast.py": "from numba import njit\n@njit\ndef f(a):\n    return a + 1\n"})
        install()
        assert not is_rewritten(load("fast").f)
        assert "numba" in lineage.report()["skipped"]["fast"]

    def test_after_uninstall(self, packages: Path) -> None:
        write(packages, {"earlier.py": MODULE, "later.py": MODULE})
        end = lineage.install("auto")
        earlier = load("earlier")
        end()
        end()
        assert earlier.greet("you") == "Dear you,"
        assert not is_rewritten(load("later").greet)


def test_loader_stays_a_source_loader() -> None:
    assert issubclass(RewritingLoader, SourceFileLoader)
