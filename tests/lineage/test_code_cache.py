"""Code that was rewritten once is read from a cache, if nobody else can have written it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sst_otel.lineage.cache import CodeCache
from tests.lineage.modules import MODULE, is_rewritten, load, write


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
