"""Keys, tags, settings, guard and patching: what every part stands on."""

from __future__ import annotations

import base64
import logging
import os
import stat
import threading
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sst_otel import guard as guards
from sst_otel.guard import guard
from sst_otel.keys import Keys, load_keys
from sst_otel.patching import Patches
from sst_otel.settings import Settings, load_settings
from sst_otel.tags import Minter, _base32


class TestTags:
    """Ids are the same everywhere under one key, and say nothing without it."""

    def test_the_same_datum_has_the_same_tag(self) -> None:
        one, other = Minter(b"k" * 32), Minter(b"k" * 32)
        owner = one.owner("7")
        assert owner == other.owner("7")
        tag = one.tag_id(owner.ref, "email", "ann@example.com")
        assert tag == other.tag_id(owner.ref, "email", "ann@example.com")
        assert tag.startswith("tag_")
        assert len(tag) == 24
        assert len(owner.ref) == 26

    def test_everything_in_a_tag_counts(self) -> None:
        minter = Minter(b"k" * 32)
        tags = {
            minter.tag_id("a", "email", "x"),
            minter.tag_id("b", "email", "x"),
            minter.tag_id("a", "phone", "x"),
            minter.tag_id("a", "email", "y"),
            Minter(b"K" * 32).tag_id("a", "email", "x"),
        }
        assert len(tags) == 5

    def test_visitors_are_never_the_same(self) -> None:
        minter = Minter(b"k" * 32)
        assert minter.visitor() != minter.visitor()
        assert not minter.visitor().known

    @given(st.binary(min_size=32, max_size=32))
    def test_base32_is_that_of_the_rfc(self, digest: bytes) -> None:
        assert _base32(digest) == base64.b32encode(digest).decode().lower()[:26]


class TestKeys:
    """One key an installation, made once, for its owner's eyes."""

    @given(st.text())
    def test_sealed_ids_open_again(self, owner_id: str) -> None:
        keys = Keys(b"k" * 32)
        assert keys.unseal(keys.seal(owner_id)) == owner_id
        assert Keys(b"K" * 32).unseal(keys.seal(owner_id)) is None

    @given(st.text(max_size=80))
    def test_nonsense_does_not_open(self, sealed: str) -> None:
        assert Keys(b"k" * 32).unseal(sealed) is None

    def test_the_file_is_private_and_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "below" / "sst.key"
        first = load_keys(None, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert load_keys(None, path).key_id == first.key_id
        assert os.listdir(path.parent) == ["sst.key"]

    def test_racing_workers_agree(self, tmp_path: Path) -> None:
        found: list[str] = []
        start = threading.Barrier(8)

        def worker() -> None:
            start.wait()
            found.append(load_keys(None, tmp_path / "sst.key").key_id)

        threads = [threading.Thread(target=worker) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len(set(found)) == 1

    def test_a_short_key_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="at least 16"):
            load_keys("short", tmp_path / "sst.key")

    def test_the_secret_is_not_shown(self) -> None:
        assert "kkkk" not in repr(Keys(b"k" * 32))


class TestSettings:
    """The environment wins over the file, arguments over both; a wrong one is named."""

    def test_defaults(self) -> None:
        settings = load_settings({})
        assert settings == Settings(
            spool_dir=Path("sst_audit.spool"), key_file=Path("sst.key"), service_name=""
        )

    def test_precedence(self, tmp_path: Path) -> None:
        file = tmp_path / "sst.yaml"
        file.write_text("retention_days: 10\nlineage: off\nowner: [flask_login]\n")
        environ = {"SST_CONFIG": str(file), "SST_RETENTION_DAYS": "20"}
        settings = load_settings(environ, {"registry_values": 5})
        assert (settings.retention_days, settings.lineage) == (20, "off")
        assert (settings.owner, settings.registry_values) == (("flask_login",), 5)

    @pytest.mark.parametrize(
        ("given", "logs"),
        [
            ("on", ("*",)),
            ("off", ()),
            ("", ()),
            ("shop, shop.*", ("shop", "shop.*")),
            (True, ("*",)),
        ],
    )
    def test_what_is_watched_of_logs_and_files(self, given: Any, logs: tuple[str, ...]) -> None:
        settings = load_settings({"SST_FILES": "exports/*.csv, *.json"}, {"logs": given})
        assert settings.logs == logs
        assert settings.files == ("exports/*.csv", "*.json")

    def test_files_stand_beside_the_database(self) -> None:
        settings = load_settings({"SST_DATABASE_URL": "sqlite:////var/lib/shop/audit.db"})
        assert settings.spool_dir == Path("/var/lib/shop/audit.spool")
        assert settings.key_file == Path("/var/lib/shop/sst.key")

    @pytest.mark.parametrize(
        ("environ", "names"),
        [
            ({"SST_OWNER": "nonsense"}, "SST_OWNER: 'nonsense'"),
            ({"SST_RETENTION_DAYS": "soon"}, "SST_RETENTION_DAYS"),
            ({"SST_DATABASE_URL": "audit.db"}, "SST_DATABASE_URL"),
            ({"SST_PAGES": "perhaps"}, "SST_PAGES"),
            ({"SST_LINEAGE": "my app"}, "SST_LINEAGE"),
            ({"SST_CONFIG": "/nowhere/sst.yaml"}, "SST_CONFIG"),
        ],
    )
    def test_a_wrong_one_is_named(self, environ: dict[str, str], names: str) -> None:
        with pytest.raises(ValueError, match=names):
            load_settings(environ)

    @pytest.mark.parametrize(
        "text",
        ["[1, 2]", "a: b: c", "retention: 3", "recipients: [{host: x}]", "models: {A: {own: id}}"],
    )
    def test_a_wrong_file(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "sst.yaml").write_text(text)
        with pytest.raises(ValueError, match=r"SST_|unknown setting"):
            load_settings({"SST_CONFIG": str(tmp_path / "sst.yaml")})

    def test_secrets_are_not_shown(self) -> None:
        settings = load_settings(
            {"SST_KEY": "very-secret-key-123", "SST_STAFF_TOKEN": "tok-secret"}
        )
        assert "secret" not in repr(settings)


class TestGuard:
    """Our errors are swallowed, counted, said once, and never quoted."""

    def test_counted_and_said_once(self, caplog: pytest.LogCaptureFixture) -> None:
        guards.reset()
        for _ in range(3):
            with guard("sink.test"):
                raise ValueError("ann@example.com")
        assert guards.error_counts() == {"sink.test": 3}
        (record,) = [entry for entry in caplog.records if entry.levelno == logging.WARNING]
        assert "sink.test" in record.getMessage()
        assert "ann@" not in caplog.text
        guards.reset()

    def test_what_ends_the_program_passes(self) -> None:
        with pytest.raises(KeyboardInterrupt), guard("sink.test"):
            raise KeyboardInterrupt


class TestPatches:
    """A patch can be undone, and is inert where somebody stands on top of it."""

    @pytest.fixture
    def library(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        module = types.ModuleType("sst_test_library")

        class Client:
            def send(self, value: int) -> int:
                return value + 1

        class Special(Client):
            pass

        module.Client, module.Special = Client, Special  # type: ignore[attr-defined]
        monkeypatch.setitem(__import__("sys").modules, "sst_test_library", module)
        return module

    @staticmethod
    def doubling(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs) * 2

    def test_undo_restores(self, library: Any) -> None:
        original = vars(library.Client)["send"]
        patches = Patches("test")
        patches.wrap("sst_test_library", "Client.send", self.doubling)
        assert library.Client().send(1) == 4
        assert patches.installed == ["sst_test_library:Client.send"]
        patches.undo()
        assert vars(library.Client)["send"] is original

    def test_undo_below_another_wrapper_is_inert(self, library: Any) -> None:
        patches = Patches("test")
        patches.wrap("sst_test_library", "Client.send", self.doubling)
        ours = library.Client.send
        library.Client.send = lambda self, value: ours(self, value) + 100
        patches.undo()
        assert library.Client().send(1) == 102

    def test_an_inherited_method_is_given_back_to_its_class(self, library: Any) -> None:
        patches = Patches("test")
        patches.wrap("sst_test_library", "Special.send", self.doubling)
        assert (library.Special().send(1), library.Client().send(1)) == (4, 2)
        patches.undo()
        assert "send" not in vars(library.Special)

    def test_what_is_missing_is_counted(self, library: Any) -> None:
        guards.reset()
        Patches("test").wrap("sst_test_library", "Client.gone", self.doubling)
        assert guards.error_counts() == {"test": 1}
        guards.reset()
