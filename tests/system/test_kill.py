"""``kill -9`` right after a response: what was shared until then is in the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import Vendor
from tests.system.launch import FLASK, OTEL, launched
from tests.system.people import MARIA, sign_in

ROUNDS = 8
GUNICORN = ("gunicorn", "-w", "2", "--bind", "127.0.0.1:{port}", "--no-control-socket", "shop:app")


@pytest.mark.parametrize("command", [FLASK, GUNICORN], ids=["flask", "gunicorn"])
def test_every_share_up_to_the_kill_is_there(
    command: tuple[str, ...], vendor: Vendor, tmp_path: Path
) -> None:
    with launched(tmp_path, vendor.url, (OTEL, *command)) as app:
        with app.client() as client:
            person = sign_in(client, app.url, MARIA)
            for _ in range(ROUNDS):
                assert client.post(f"{app.url}/contact").ok
                assert client.post(f"{app.url}/conversion").ok
        app.kill()
        shares = app.shares()
    assert {owner for _, owner, _ in shares} == {person}
    assert [destination.partition("(")[0] for destination, _, _ in shares] == [
        "sqlite users",
        *["POST 127.0.0.1/crm/contacts", "POST 127.0.0.1/pixel/events"] * ROUNDS,
    ]
    assert len(vendor.received) == 2 * ROUNDS


def test_a_share_is_there_before_the_vendor_has_it(vendor: Vendor, tmp_path: Path) -> None:
    """The vendor reads the journal while it is being called."""
    seen: list[int] = []
    with launched(tmp_path, vendor.url) as app, app.client() as client:
        sign_in(client, app.url, MARIA)
        vendor.on_request = lambda: seen.append(len(app.shares()))
        client.post(f"{app.url}/contact")
    assert seen == [2]
