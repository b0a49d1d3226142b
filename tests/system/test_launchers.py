"""Untouched sites on the servers people start them with: the truth, the same answers, a clean end.

Two people with name, city, birthday and income in common use each site at once.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from tests.support import Vendor, vendor_server
from tests.system.launch import OTEL, launched, wait_until
from tests.system.launchers import (
    SITES,
    Answers,
    is_running,
    migrate,
    site_environ,
    told,
    truth,
    use,
)

pytestmark = pytest.mark.stack  # no server is needed, but the time of fourteen is
WAYS = [(site, name) for site, launchers in SITES.items() for name in launchers]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Answers]]:
    """What a site answers without us: everywhere the same, but in Flask's debug mode."""
    with vendor_server() as vendor:

        @lru_cache
        def answers(site: str, debug: bool) -> Answers:
            ways = SITES[site].values()
            command = next(way.command for way in ways if way.debug == debug)
            folder = tmp_path_factory.mktemp(site)
            migrate(site, folder)
            with launched(folder, vendor.url, command, site_environ(site)) as app:
                return use(app)

        yield answers


@pytest.mark.parametrize(("site", "name"), WAYS, ids=[" on ".join(way) for way in WAYS])
def test_an_untouched_site(
    site: str, name: str, plain: Callable[..., Answers], vendor: Vendor, tmp_path: Path
) -> None:
    launcher = SITES[site][name]
    migrate(site, tmp_path)
    command = (OTEL, *launcher.command)
    with launched(tmp_path, vendor.url, command, {**site_environ(site), **launcher.environ}) as app:
        answers = use(app)
        if launcher.kills:
            wait_until(lambda: all(row["outcome"] for row in app.rows()))
        app.stop()
        assert app.process.returncode != -signal.SIGKILL, "it had to be killed"
        wait_until(lambda: not is_running(app))
        rows = app.rows()
    assert told(rows) == truth()
    assert {row["outcome"] for row in rows} == {"sent"}
    assert answers == plain(site, launcher.debug)
    assert app.ours() == []
