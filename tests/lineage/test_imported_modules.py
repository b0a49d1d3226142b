"""A rewritten module is as it is without us, for whoever looks at it."""

from __future__ import annotations

import inspect
import pickle
import pkgutil
import sys
import zipfile
from collections.abc import Callable
from importlib import resources
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import sst_otel.lineage as lineage
from sst_otel.guard import error_counts
from tests.lineage.modules import MODULE, is_rewritten, load, write


class TestTheModuleIsAsWithoutUs:
    def both(
        self, packages: Path, install: Callable[..., None], source: str = MODULE
    ) -> tuple[ModuleType, ModuleType]:
        write(packages, {"twin.py": source})
        plain = load("twin")
        del sys.modules["twin"]
        install()
        return plain, load("twin")

    def test_its_attributes(self, packages: Path, install: Callable[..., None]) -> None:
        plain, module = self.both(packages, install)
        assert list(vars(module)) == list(vars(plain))
        assert dir(module) == dir(plain)
        for name in ("__file__", "__cached__", "__name__", "__package__", "__doc__"):
            assert getattr(module, name) == getattr(plain, name)
        assert module.__spec__ is not None
        assert plain.__spec__ is not None
        assert module.__spec__.origin == plain.__spec__.origin
        assert module.__spec__.cached == plain.__spec__.cached
        assert isinstance(module.__loader__, SourceFileLoader)
        assert [n for n, _ in inspect.getmembers(module)] == [
            n for n, _ in inspect.getmembers(plain)
        ]

    def test_star_import(self, packages: Path, install: Callable[..., None]) -> None:
        self.both(packages, install)
        names: dict[str, Any] = {}
        exec("from twin import *", names)
        assert {n for n in names if not n.startswith("__")} == {
            *("annotations", "dataclasses", "enum", "Colour", "Person", "greet", "fail")
        }

    def test_source_and_lines(self, packages: Path, install: Callable[..., None]) -> None:
        plain, module = self.both(packages, install)
        assert inspect.getsource(module) == MODULE
        assert inspect.getsource(module.Person.greet) == inspect.getsource(plain.Person.greet)
        assert module.Person.greet.__doc__ == "Say it."
        assert module.greet.__code__.co_firstlineno == plain.greet.__code__.co_firstlineno
        assert module.__loader__ is not None
        assert module.__loader__.get_source("twin") == MODULE  # type: ignore[attr-defined]

    def test_pickling(self, packages: Path, install: Callable[..., None]) -> None:
        _, module = self.both(packages, install)
        person = pickle.loads(pickle.dumps(module.Person("Ada")))
        assert person.greet() == "Hi Ada!"
        assert pickle.loads(pickle.dumps(module.greet)) is module.greet

    def test_the_standard_cache_is_not_written(
        self, packages: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "dont_write_bytecode", False)
        write(packages, {"uncached.py": MODULE})
        install()
        load("uncached")
        assert not (packages / "__pycache__").exists()

    def test_a_wrong_standard_cache_is_not_read(
        self, packages: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "dont_write_bytecode", False)
        write(packages, {"stale.py": MODULE})
        load("stale")
        del sys.modules["stale"]
        cached = list((packages / "__pycache__").iterdir())
        before = [(file, file.stat().st_mtime_ns) for file in cached]
        install()
        assert is_rewritten(load("stale").greet)
        assert [(file, file.stat().st_mtime_ns) for file in cached] == before

    def test_packages_and_their_files(self, packages: Path, install: Callable[..., None]) -> None:
        write(
            packages,
            {
                "shop/__init__.py": "from . import views\nfrom .views import page\n",
                "shop/views.py": "from . import models\ndef page(n):\n    return 'p ' + n\n",
                "shop/models.py": "import shop\nfrom . import views\nname = f'{shop.__name__}'\n",
                "shop/data/text.txt": "hello",
                "space/inner/leaf.py": MODULE,
            },
        )
        install()
        shop = load("shop")
        assert is_rewritten(shop.page)
        assert shop.models.name == "shop"
        assert resources.files("shop").joinpath("data/text.txt").read_text() == "hello"
        assert pkgutil.get_data("shop", "data/text.txt") == b"hello"
        assert {m.name for m in pkgutil.iter_modules(shop.__path__)} == {"views", "models"}
        assert is_rewritten(load("space.inner.leaf").greet)  # namespace packages around it

    def test_a_zipped_package_is_left_alone(
        self, packages: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with zipfile.ZipFile(packages / "app.zip", "w") as archive:
            archive.writestr("zipped_app.py", MODULE)
        monkeypatch.syspath_prepend(str(packages / "app.zip"))
        install()
        assert not is_rewritten(load("zipped_app").greet)
        assert "zipimporter" in lineage.report()["skipped"]["zipped_app"]

    def test_an_encoding_other_than_utf_8(
        self, packages: Path, install: Callable[..., None]
    ) -> None:
        source = "# -*- coding: latin-1 -*-\ndef f(x):\n    return '\xfc' + x\n"
        (packages / "latin.py").write_bytes(source.encode("latin-1"))
        install()
        assert load("latin").f("a") == "\xfca"

    def test_errors_on_import(self, packages: Path, install: Callable[..., None]) -> None:
        write(packages, {"wrong.py": "def f(:\n", "raises.py": "import nowhere_to_be_found\n"})
        install()
        with pytest.raises(SyntaxError) as caught:
            load("wrong")
        assert caught.value.filename == str(packages / "wrong.py")
        assert "sst_otel" not in "".join(map(str, _files(caught.value)))
        assert lineage.report()["skipped"]["wrong"] == "is not valid Python source"
        with pytest.raises(ModuleNotFoundError) as missing:
            load("raises")
        assert "sst_otel" not in "".join(_files(missing.value))

    def test_a_failure_of_ours(
        self, packages: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(tree: Any) -> Any:
            raise ZeroDivisionError

        write(packages, {"fallback.py": MODULE})
        monkeypatch.setattr("sst_otel.lineage.importer.rewrite", broken)
        install()
        assert load("fallback").greet("you") == "Dear you,"
        assert lineage.report()["skipped"]["fallback"] == "could not be rewritten"
        assert error_counts()["lineage.import"] >= 1


def _files(error: BaseException) -> list[str]:
    files = []
    traceback = error.__traceback__
    while traceback is not None:
        files.append(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    return files[1:]  # the first one is the test's own
