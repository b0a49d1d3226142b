"""Untouched sites on uWSGI and hypercorn: the truth, answers as without us, a clean end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.clubs import UWSGI
from tests.support import Vendor
from tests.system.forked import check_children
from tests.system.launch import APPS
from tests.system.launchers import check_site

pytestmark = pytest.mark.stack
SHOP = (*UWSGI, "--processes", "2", "--enable-threads", "--module", "shop:app")
WAYS = {
    "uwsgi": SHOP,
    "uwsgi with threads": (*SHOP, "--threads", "2", "--lazy-apps"),
    "hypercorn": ("hypercorn", "--bind", "127.0.0.1:{port}", "guild:app"),
}


@pytest.mark.parametrize("command", WAYS.values(), ids=WAYS)
def test_an_untouched_site(
    command: tuple[str, ...], binaries: Path, vendor: Vendor, tmp_path: Path
) -> None:
    check_site(command, vendor, tmp_path, binaries, {"PYTHONPATH": str(APPS)})


@pytest.mark.parametrize("more", [(), ("--lazy-apps", "--threads", "2")], ids=["forked", "lazy"])
def test_everything_of_ours_is_there_once(
    more: tuple[str, ...], binaries: Path, vendor: Vendor, tmp_path: Path
) -> None:
    command = tuple(word.replace("shop:", "mirror:") for word in (*SHOP, *more))
    check_children(command, vendor, tmp_path, 2, binaries)
