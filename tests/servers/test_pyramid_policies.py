"""Pyramid's policies name who is logged in, where views ask for permissions alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import Vendor
from tests.system.launch import APPS, OTEL, launched
from tests.system.launchers import GUNICORN

pytestmark = pytest.mark.stack
PHONE = {"phone": "+44 7911 204 519"}


def test_what_a_member_types_is_theirs_and_nobody_elses(
    binaries: Path, vendor: Vendor, tmp_path: Path
) -> None:
    command = (OTEL, *GUNICORN, "guarded_pyramid:app")
    environ = {"PYTHONPATH": str(APPS)}
    with launched(tmp_path, vendor.url, command, environ, binaries=binaries) as app:
        client = app.client()
        first, second = ("m-1001", "correct horse"), ("m-1002", "battery staple")
        assert client.post(f"{app.url}/order", json=PHONE, auth=first).text == "told"
        other = {"phone": "+49 30 901820 77"}
        assert client.post(f"{app.url}/ask", json=other, auth=second).text == "told"
        refused = client.post(f"{app.url}/order", json=PHONE, auth=("m-1002", "guessed"))
        assert refused.status_code == 403
        typed = {"phone": "+33 1 42 68 53 00"}
        assert client.post(f"{app.url}/ask", json=typed, auth=("m-1001", "guessed")).text == "told"
        app.stop()
    owners = [owner for _, owner, _ in app.shares()]
    assert owners[:2] == ["m-1001", "m-1002"]
    assert owners[2] not in {"m-1001", "m-1002"}
    assert app.ours() == []
