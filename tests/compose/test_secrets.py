"""The secrets of ``docker-compose.yml``: made once, and given to programs that want variables."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

from tests.compose.test_compose import COMPOSE, ROOT, SERVICES

DOCKER = ROOT / "docker"


def made(folder: Path) -> dict[str, str]:
    (folder / "docker").mkdir(exist_ok=True)
    shutil.copy(DOCKER / "make-secrets", folder / "docker")
    subprocess.run(["sh", str(folder / "docker/make-secrets")], check=True, capture_output=True)
    return {path.name: path.read_text("utf-8") for path in (folder / "secrets").iterdir()}


def test_all_that_are_wanted_are_made_and_those_there_stay(tmp_path: Path) -> None:
    first = made(tmp_path)
    wanted = {Path(one["file"]).name for one in COMPOSE["secrets"].values()}
    assert set(first) == wanted == set(COMPOSE["secrets"])
    assert len(set(first.values())) == len(first)
    assert {len(value) for value in first.values()} == {32}
    (tmp_path / "secrets/sst_key").unlink()
    second = made(tmp_path)
    assert {name for name in first if first[name] != second[name]} == {"sst_key"}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_a_program_gets_the_content_as_its_variable(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("let me in\n", encoding="utf-8")
    command = [str(DOCKER / "with-secrets"), "sh", "-c", "env"]
    environ = {"PATH": os.environ["PATH"], "SST_INGEST_TOKEN_FILE": str(tmp_path / "token")}
    shown = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout
    assert "SST_INGEST_TOKEN=let me in\n" in shown
    assert "SST_INGEST_TOKEN_FILE" not in shown


def test_a_secret_that_is_missing_stops_the_program(tmp_path: Path) -> None:
    command = [str(DOCKER / "with-secrets"), "echo", "started"]
    environ = {"PATH": os.environ["PATH"], "PGPASSWORD_FILE": str(tmp_path / "none")}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "started" not in done.stdout


def test_all_that_our_images_get_as_files_are_turned() -> None:
    turned = (DOCKER / "with-secrets").read_text("utf-8").split("for name in ")[1].split(";")[0]
    wanted = {
        name.removesuffix("_FILE")
        for service in ("site", "ingest", "pages")
        for name in SERVICES[service]["environment"]
        if name.endswith("_FILE")
    }
    assert wanted == set(turned.split())
