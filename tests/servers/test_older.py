"""Frameworks as old as we say: our own tests of them pass, untouched sites are followed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.isolated import ROOT, conflicts
from tests.servers.jobs import check_rq
from tests.support import Vendor
from tests.system.launch import APPS
from tests.system.launchers import GUNICORN, UVICORN, check_site

pytestmark = pytest.mark.stack
INSIDE = (
    *[
        f"tests/sources/test_{name}.py"
        for name in ("celery", "django", "django_start", "starlette", "typed_parameters")
    ],
    "tests/servers/inside/pydantic_1.py",
)
OLD_GUNICORN = (*GUNICORN[:-1], "-w", "2")  # there is no socket to leave away
SITES = {
    "Flask": (*OLD_GUNICORN, "shop_of_2022:app"),
    "FastAPI": (*UVICORN, "guild_of_2023:app"),
    "Django": (*OLD_GUNICORN, "parish.wsgi"),
}


def test_nothing_it_needs_is_missing(older: Path) -> None:
    assert conflicts(older / "python") == ""


def test_our_own_tests_pass(older: Path, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "locks")
    for name in ("tests", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    # Old libraries warn of what a new Python will take away from them.
    done = subprocess.run(
        [str(older / "python"), "-m", "pytest", "-W", "default", *INSIDE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", SITES.values(), ids=SITES)
def test_an_untouched_site(
    command: tuple[str, ...], older: Path, vendor: Vendor, tmp_path: Path
) -> None:
    environ = {"PYTHONPATH": str(APPS), "DJANGO_SETTINGS_MODULE": "parish.settings"}

    def make_tables(folder: Path) -> None:
        migrate = [str(older / "python"), "manage.py", "migrate", "--run-syncdb", "-v", "0"]
        where = {**os.environ, "SHOP_DB": f"sqlite:///{folder / 'app.db'}", "VENDOR": ""}
        subprocess.run(migrate, cwd=APPS / "parish", env=where, check=True, timeout=60)

    makes_none = any("parish" in word for word in command)
    prepare = make_tables if makes_none else lambda _: None
    check_site(command, vendor, tmp_path, older, environ, prepare)


def test_jobs_of_rq(older: Path, redis_port: int, vendor: Vendor, tmp_path: Path) -> None:
    check_rq("rq.Worker", older, redis_port, vendor, tmp_path)
