"""One word in front of the command is enough; other servers are in ``test_launchers``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import Vendor
from tests.system.launch import APPS, FLASK, OTEL, Launched, launched, wait_until
from tests.system.people import MARIA, sign_in

WAYS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "flask run": ((OTEL, *FLASK), {}),
    "python -m flask": ((OTEL, "python", "-m", *FLASK), {}),
    "lineage off": ((OTEL, *FLASK), {"SST_LINEAGE": "off"}),
}


def use(app: Launched) -> str:
    with app.client() as client:
        person = sign_in(client, app.url, MARIA)
        for path, form in (("/advice", {"saved": "5000"}), ("/contact", {}), ("/conversion", {})):
            assert client.post(app.url + path, data=form).ok
    return person


@pytest.mark.parametrize(("command", "environ"), WAYS.values(), ids=WAYS)
def test_an_untouched_application_is_tracked(
    command: tuple[str, ...], environ: dict[str, str], vendor: Vendor, tmp_path: Path
) -> None:
    assert "sst_otel" not in (APPS / "shop.py").read_text()
    with launched(tmp_path, vendor.url, command, environ) as app:
        person = use(app)
        # An outcome is on disk soon after its call, in an application that idles too.
        wait_until(lambda: all(row["outcome"] for row in app.rows()))
        rows = app.rows()
        ours = app.ours()
    advice = {"derived", "income"} if environ.get("SST_LINEAGE") != "off" else None
    written = {"email", "first_name", "last_name", "phone", "birthday", "city", "income"}
    assert _by_route(rows) == {
        "/signup": ("sqlite users", written | {"password"}),
        **({"/advice": ("OpenAI/127.0.0.1:responses.create", advice)} if advice else {}),
        "/contact": (
            "POST 127.0.0.1/crm/contacts",
            {"email", "first_name", "city", "birthday", "income"},
        ),
        "/conversion": ("POST 127.0.0.1/pixel/events", {"email", "phone"}),
    }
    assert {row["owner_id"] for row in rows} == {person}
    assert {row["metadata"]["code.file.path"] for row in rows} == {"shop.py"}
    assert {row["outcome"] for row in rows} == {"sent"}
    for row in rows:
        line, function = (
            row["metadata"][f"code.{what}"] for what in ("line.number", "function.name")
        )
        assert row["stack_trace"][-1] == f"shop.py:{line} in {function}"
    assert ours == []


@pytest.mark.parametrize(
    "environ",
    [{"SST_DISABLED": "1"}, {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "sst"}],
    ids=["ours", "OpenTelemetry's"],
)
def test_a_switch_turns_it_off(environ: dict[str, str], vendor: Vendor, tmp_path: Path) -> None:
    with launched(tmp_path, vendor.url, environ=environ) as app:
        use(app)
        assert app.ours() == []
        with app.client() as client:
            assert client.get(f"{app.url}/provenance/dashboard").status_code == 404
    assert list(app.audit.rglob("*")) == []


def test_events_hang_in_the_trace(vendor: Vendor, tmp_path: Path) -> None:
    with launched(tmp_path, vendor.url) as app:
        use(app)
        rows = app.rows()
    assert all(len(row["trace_id"]) == 32 and len(row["span_id"]) == 16 for row in rows)
    assert len({row["trace_id"] for row in rows}) == 4
    assert len({row["span_id"] for row in rows}) == 4


class TestTwoLines:
    """``start_tracking()`` and ``set_storage_callback(store_audit_event)`` in the application."""

    command = ("flask", "--app", "two_lines", "run", "--port", "{port}")

    @pytest.mark.parametrize("launcher", [(), (OTEL,)], ids=["alone", "and the launcher"])
    def test_start_it(self, launcher: tuple[str, ...], vendor: Vendor, tmp_path: Path) -> None:
        with launched(tmp_path, vendor.url, (*launcher, *self.command)) as app:
            with app.client() as client:
                client.post(f"{app.url}/subscribe", data={"email": MARIA.email})
                assert [types for _, _, types in app.shares()] == [("email",)]
                before = app.rows()
                client.post(f"{app.url}/own-callback")
                answer = client.post(f"{app.url}/subscribe", data={"email": MARIA.email})
                seen: list[dict[str, Any]] = client.get(f"{app.url}/seen").json()
            rows = app.rows()
        assert answer.text == "ok"
        assert len(rows) == len(before) + 1
        (event,) = seen
        assert event["event_id"] == rows[-1]["event_id"]
        assert event["data_types"] == ["email"]
        assert event["destination"] == rows[-1]["destination"]
        assert MARIA.email not in str(seen)
        assert [line.partition("sst_otel: ")[2] for line in app.ours()] == [
            "storage_callback failed (OSError); the application is not affected, further failures "
            "there are counted silently"
        ]


def test_the_reloader_starts_it_again(vendor: Vendor, tmp_path: Path) -> None:
    source = (APPS / "shop.py").read_text()
    (tmp_path / "shop.py").write_text(source)
    command = (OTEL, *FLASK[:-2], "--debug", *FLASK[-2:])
    with launched(tmp_path, vendor.url, command, cwd=tmp_path) as app:
        use(app)
        (tmp_path / "shop.py").write_text(source.replace("/crm/contacts", "/crm/people"))
        wait_until(lambda: app.log().count("Debugger is active") == 2)
        with app.client() as client:
            answer = client.post(
                f"{app.url}/login", data={"email": MARIA.email, "password": MARIA.password}
            )
            assert answer.ok
            client.post(f"{app.url}/contact")
        assert app.shares()[-1][0].startswith("POST 127.0.0.1/crm/")


def _by_route(rows: list[dict[str, Any]]) -> dict[str, tuple[str, set[str]]]:
    return {
        row["route"]: (row["destination"].partition("(")[0], set(row["data_types"])) for row in rows
    }
