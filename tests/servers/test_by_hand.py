"""A WSGI callable of no framework on the servers that are known to be given one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import Vendor
from tests.system.launch import APPS, OTEL, launched
from tests.system.launchers import GUNICORN

pytestmark = pytest.mark.stack
FORM = {"city": "Leipzig", "birthday": "1987-03-14"}
_CHEROOT = """
import sys, by_hand, cheroot.wsgi
cheroot.wsgi.Server(("127.0.0.1", int(sys.argv[1])), by_hand.app).start()
"""
WAYS = {
    "gunicorn": (*GUNICORN, "by_hand:app"),
    "gunicorn gevent": (*GUNICORN, "--preload", "-k", "gevent", "by_hand:app"),
    "waitress": ("waitress-serve", "--listen", "127.0.0.1:{port}", "by_hand:app"),
    "cheroot": ("python", "-c", _CHEROOT, "{port}"),
}


@pytest.mark.parametrize("command", WAYS.values(), ids=WAYS)
def test_what_it_parses_is_seen(
    command: tuple[str, ...], binaries: Path, vendor: Vendor, tmp_path: Path
) -> None:
    environ = {"PYTHONPATH": str(APPS)}
    with launched(tmp_path, vendor.url, (OTEL, *command), environ, binaries=binaries) as app:
        client = app.client()
        assert client.post(app.url, data=FORM).text == "ok"
        assert client.post(app.url, json=FORM).text == "ok"
        app.stop()
    shares = app.shares()
    assert [types for _, _, types in shares] == [("birthday", "city")] * 2
    assert app.ours() == []
