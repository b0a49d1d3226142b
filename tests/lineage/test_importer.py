from __future__ import annotations

import importlib
import inspect
import os
import pickle
import pkgutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib import resources
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import wrapt

import sst_otel.lineage as lineage
from sst_otel.guard import error_counts
from sst_otel.lineage.cache import CodeCache
from sst_otel.lineage.importer import RewritingLoader
from sst_otel.registry.identity import marked
from tests.lineage.support import describe, fresh, scope, source_value

MODULE = '''"""What it is."""
from __future__ import annotations

import dataclasses
import enum


class Colour(enum.Enum):
    RED = "r" + "ed"


@dataclasses.dataclass
class Person:
    name: str
    greeting: str = "Hi"

    def greet(self) -> str:
        """Say it."""
        return f"{self.greeting} {self.name}!"


def greet(name):
    return f"Dear {name},"


def fail(number):
    return 1 + (number / 0)
'''


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory on the path whose modules are forgotten again."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def install() -> Iterator[Callable[..., None]]:
    ended: list[Callable[[], None]] = []

    def do(packages: str = "auto", cache_dir: Path | None = None) -> None:
        ended.append(lineage.install(packages, cache_dir))

    yield do
    for end in ended:
        end()


def load(name: str) -> ModuleType:
    importlib.invalidate_caches()
    return importlib.import_module(name)


def is_rewritten(function: Any) -> bool:
    return any(name.startswith("_sst_") for name in function.__code__.co_names)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


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


class TestCache:
    def test_second_start_reads_it(
        self, packages: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        directory = packages / "cache"
        write(packages, {"cached_app.py": MODULE})
        install("auto", directory)
        load("cached_app")
        files = list(directory.iterdir())
        assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
        assert directory.stat().st_mode & 0o777 == 0o700

        monkeypatch.delattr("sst_otel.lineage.importer.rewrite")
        del sys.modules["cached_app"]
        assert is_rewritten(load("cached_app").greet)

    def test_a_changed_source_is_compiled_again(
        self, packages: Path, install: Callable[..., None]
    ) -> None:
        write(packages, {"changing.py": "def f(x):\n    return x + 'one'\n"})
        install("auto", packages / "cache")
        assert load("changing").f("") == "one"
        write(packages, {"changing.py": "def f(x):\n    return x + 'two'\n"})
        del sys.modules["changing"]
        assert load("changing").f("") == "two"

    @pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 200])
    def test_a_corrupt_file_is_ignored(
        self, damage: bytes, packages: Path, install: Callable[..., None]
    ) -> None:
        directory = packages / "cache"
        write(packages, {"damaged.py": MODULE})
        install("auto", directory)
        load("damaged")
        (file,) = directory.iterdir()
        file.write_bytes(damage)
        del sys.modules["damaged"]
        assert is_rewritten(load("damaged").greet)
        assert len(file.read_bytes()) > 200

    def test_a_file_or_directory_others_may_write_is_ignored(self, tmp_path: Path) -> None:
        directory = tmp_path / "cache"
        cache = CodeCache(directory)
        code = compile("1", "x.py", "exec")
        cache.store("x.py", b"1", code)
        assert cache.load("x.py", b"1") == code
        (file,) = directory.iterdir()
        file.chmod(0o666)
        assert cache.load("x.py", b"1") is None
        file.chmod(0o600)
        directory.chmod(0o777)
        assert cache.load("x.py", b"1") is None
        cache.store("x.py", b"2", code)
        assert len(list(directory.iterdir())) == 1

    def test_a_file_of_another_user_is_ignored(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cache = CodeCache(tmp_path / "cache")
        code = compile("1", "x.py", "exec")
        cache.store("x.py", b"1", code)
        assert cache.load("x.py", b"1") is not None
        somebody_else = os.geteuid() + 1  # giving the file away would need root
        monkeypatch.setattr(os, "geteuid", lambda: somebody_else)
        assert cache.load("x.py", b"1") is None

    def test_a_symbolic_link_is_ignored(self, tmp_path: Path) -> None:
        cache = CodeCache(tmp_path / "cache")
        code = compile("1", "x.py", "exec")
        cache.store("x.py", b"1", code)
        (file,) = (tmp_path / "cache").iterdir()
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
        assert cache.load("x.py", b"1") is None

    def test_a_place_that_cannot_be_written(
        self, packages: Path, install: Callable[..., None]
    ) -> None:
        write(packages, {"no_cache.py": MODULE, "a_file": ""})
        install("auto", packages / "a_file" / "cache")
        assert is_rewritten(load("no_cache").greet)


class TestStartedPrograms:
    START = "import sys; sys.path.insert(0, '.'); import sst_otel.lineage as l; l.install('auto');"

    def run(self, code: str, cwd: Path) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_python_dash_m(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "prog/__init__.py": "",
                "prog/__main__.py": "import sys\n"
                "def f(a):\n    return a + 'x'\n"
                "print(__name__, f('a'), '_sst_made1' in f.__code__.co_names)\n",
            },
        )
        out = self.run(
            self.START + "import runpy; runpy.run_module('prog', run_name='__main__')", tmp_path
        )
        assert out == "__main__ ax True\n"

    def test_a_script_is_listed(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {"script.py": "import sst_otel.lineage as l\nl.install('auto')\nprint(l.report())\n"},
        )
        done = subprocess.run(
            [sys.executable, "script.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "'__main__': 'run as a script, not imported'" in done.stdout

    def test_flask_finds_the_application(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "webapp.py": "from flask import Flask, request\napp = Flask(__name__)\n"
                "@app.post('/')\ndef hello():\n    return f\"Hi {request.form['name']}\"\n"
            },
        )
        out = self.run(
            self.START + "from flask.cli import ScriptInfo;"
            "app = ScriptInfo('webapp').load_app();"
            "print(app.test_client().post('/', data={'name': 'you'}).text);"
            "print(app.view_functions['hello'].__code__.co_names);"
            "print(app.root_path)",
            tmp_path,
        )
        assert "Hi you" in out
        assert "_sst_piece" in out
        assert str(tmp_path) in out


def test_loader_stays_a_source_loader() -> None:
    assert issubclass(RewritingLoader, SourceFileLoader)
