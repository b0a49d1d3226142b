"""Tracking for the length of a test: what it sees, and that nothing stays behind."""

from __future__ import annotations

import inspect
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

import sst_otel
from sst_otel import testing, tracker
from sst_otel.testing import assert_no_shares, assert_shares, follow, tracking
from tests.support import Vendor, tracking_in
from tests.testing.conftest import EMAIL


def answered(_adapter: Any, request: Any, **_options: Any) -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response.request = request
    response.url = request.url
    response.raw = SimpleNamespace(close=lambda: None, release_conn=lambda: None)
    response._content = b"{}"
    return response


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace what ``responses`` replaces, as it does."""
    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", answered)


@pytest.mark.usefixtures("stubbed")
def test_the_example_of_the_documentation(client: FlaskClient) -> None:
    documentation = inspect.getdoc(testing)
    assert documentation is not None
    example = documentation.partition("::\n")[2].partition("\n``client``")[0]
    names: dict[str, Any] = {}
    exec(textwrap.dedent(example), names)
    (run,) = [value for name, value in names.items() if name.startswith("test_")]
    run(client)


class TestWhatIsSeen:
    def test_a_call_to_a_server_on_loopback_once(self, client: FlaskClient, vendor: Vendor) -> None:
        with tracking(owner=["header:x-user"]) as shares:
            client.post(
                f"/sign-up?to={vendor.url}/v1", data={"email": EMAIL}, headers={"X-User": "17"}
            )
        (share,) = shares
        assert (share.owner, set(share.types), share.host) == ("17", {"email"}, "127.0.0.1")
        assert (share.route, share.outcome, share.recipient) == ("/sign-up", "sent", "unknown")
        assert share.line.endswith("in sign_up")
        (found,) = share.found
        assert (found.data_type, found.evidence, found.path) == ("email", "exact", "json.email")
        assert "followed through the program" in found.why
        assert EMAIL not in repr(shares) + str(share.event)

    def test_a_redirect_to_another_host_is_a_share_of_its_own(
        self, client: FlaskClient, vendor: Vendor
    ) -> None:
        vendor.redirects["/old"] = f"http://localhost:{vendor.port}/new"
        with tracking() as shares:
            client.post(f"/sign-up?to={vendor.url}/old", data={"email": EMAIL})
        assert [share.host for share in shares] == ["127.0.0.1", "localhost"]

    @pytest.mark.usefixtures("stubbed")
    def test_a_replaced_adapter(self, client: FlaskClient) -> None:
        with tracking() as shares:
            client.post("/sign-up", data={"email": EMAIL})
        assert_shares(shares, [(None, "crm.example", {"email"})])
        (share,) = shares
        assert (share.found[0].path, share.outcome) == ("json.email", "sent")

    def test_an_adapter_of_the_tests_own_and_a_failing_one(self) -> None:
        class Stub(requests.adapters.BaseAdapter):
            def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
                if "down" in request.url:
                    raise requests.ConnectionError("no route")
                return answered(self, request)

            def close(self) -> None:
                pass

        with tracking() as shares, requests.Session() as session:
            session.mount("https://", Stub())
            email = sst_otel.tag(EMAIL, "email", owner_id=5)
            prepared = session.prepare_request(
                requests.Request("GET", "https://one.example/", params={"e": email})
            )
            session.send(prepared)
            with pytest.raises(requests.ConnectionError):
                session.post("https://two.example/down", data={"email": email})
        assert_shares(shares, [(5, "one.example", {"email"}), (5, "two.example", {"email"})])
        assert [share.outcome for share in shares] == ["sent", "failed"]

    def test_httpx_with_a_mock_transport(self) -> None:
        stub = httpx.MockTransport(lambda _request: httpx.Response(200))
        with tracking() as shares, httpx.Client(transport=stub) as http:
            email = sst_otel.tag(EMAIL, "email", owner_id="7")
            http.post("https://api.example/v1", json={"email": email})
            http.post("https://api.example/v2", content=iter([email.encode()]))
        assert [share.destination[-2:] for share in shares] == ["v1", "v2"]

    async def _send(self, http: httpx.AsyncClient, email: str) -> None:
        async with http:
            await http.post("https://api.example/v1", json={"email": email})

    def test_httpx_async_and_a_replaced_transport(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import asyncio

        async def handle(*_: Any) -> httpx.Response:
            return httpx.Response(200)

        monkeypatch.setattr("httpx.AsyncHTTPTransport.handle_async_request", handle)
        with tracking() as shares:
            email = sst_otel.tag(EMAIL, "email", owner_id="7")
            asyncio.run(self._send(httpx.AsyncClient(), email))
        assert_shares(shares, [("7", "api.example", {"email"})])

    def test_httpx_to_a_server_on_loopback_once(self, vendor: Vendor) -> None:
        with tracking() as shares:
            email = sst_otel.tag(EMAIL, "email", owner_id="7")
            httpx.post(f"{vendor.url}/v1", json={"email": email})
        assert len(shares) == 1

    def test_what_a_test_client_sends_goes_into_the_application(self, app: Flask) -> None:
        with tracking() as shares:
            email = sst_otel.tag(EMAIL, "email", owner_id="7")
            transport = httpx.WSGITransport(app=app)
            with httpx.Client(transport=transport, base_url="http://testserver") as http:
                http.post("/nowhere", data={"email": email})
        assert_no_shares(shares)


class TestNothingStays:
    def test_no_file_and_no_tracking(self, client: FlaskClient, vendor: Vendor) -> None:
        before = set(Path(tempfile.gettempdir()).glob("sst-otel-*"))
        here = set(Path.cwd().iterdir())
        send = vars(requests.Session)["send"]
        with tracking() as shares:
            client.post(f"/sign-up?to={vendor.url}", data={"email": EMAIL})
            assert len(shares) == 1
        assert set(Path(tempfile.gettempdir()).glob("sst-otel-*")) <= before
        assert set(Path.cwd().iterdir()) == here
        assert tracker.running() is None
        client.post(f"/sign-up?to={vendor.url}", data={"email": EMAIL})
        assert len(shares) == 1
        assert vars(requests.Session)["send"] is send

    def test_also_where_the_block_raises(self) -> None:
        with pytest.raises(KeyError), tracking():
            raise KeyError
        assert tracker.running() is None

    def test_tracking_that_was_on_goes_on(self, tmp_path: Path, vendor: Vendor) -> None:
        with tracking_in(tmp_path) as outer:
            events: list[dict[str, Any]] = []
            sst_otel.set_storage_callback(events.append)
            with tracking() as inner:
                email = sst_otel.tag(EMAIL, "email", owner_id="7")
                requests.post(vendor.url, json={"email": email}, timeout=5)
            assert (len(inner), len(outer.rows())) == (1, 0)
            sst_otel.tag(EMAIL, "email", owner_id="8")
            requests.post(vendor.url, json={"email": EMAIL}, timeout=5)
            assert [row["owner_id"] for row in outer.rows()] == ["8"]
            assert len(events) == 1

    def test_tags_are_the_same_each_time(self, vendor: Vendor) -> None:
        tags = []
        for _ in range(2):
            with tracking() as shares:
                sst_otel.tag(EMAIL, "email", owner_id="7")
                requests.post(vendor.url, json={"email": EMAIL}, timeout=5)
            tags.append(shares[0].event["tag_ids"])
        assert tags[0] == tags[1]

    def test_wrong_settings_are_refused(self) -> None:
        with pytest.raises(ValueError, match="unknown setting"), tracking(colour="red"):
            pass
        with pytest.raises(ValueError, match="disabled"), tracking(disabled=True):
            pass


def test_what_was_shared_before_can_be_forgotten(vendor: Vendor) -> None:
    with tracking() as shares:
        email = sst_otel.tag(EMAIL, "email", owner_id="7")
        requests.post(vendor.url, json={"email": email}, timeout=5)
        shares.clear()
        assert list(shares) == []
        requests.post(f"{vendor.url}/orders", json={"email": email}, timeout=5)
        assert [share.destination for share in shares] == ["POST 127.0.0.1/orders"]
    assert len(shares[:5]) == 1
    shares.clear()
    assert len(shares) == 0


def test_computed_values_are_followed_where_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vendor: Vendor
) -> None:
    (tmp_path / "payroll_of_tests.py").write_text(
        "import requests\n"
        "def report(income, url):\n"
        "    share = income * 3 // 100\n"
        "    requests.post(url, json={'contribution': share}, timeout=5)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    end = follow("payroll_of_tests")
    try:
        import payroll_of_tests  # type: ignore[import-not-found]

        with tracking(lineage="off") as shares, sst_otel.scope("7"):
            income = sst_otel.tag(int("73120"), "income", owner_id="7")
            payroll_of_tests.report(income, vendor.url)
        assert_shares(shares, [("7", "127.0.0.1", {"derived", "income"})])
    finally:
        end()
        sys.modules.pop("payroll_of_tests", None)


def test_the_fixture_of_the_plugin(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["sst_otel.testing.pytest_plugin"]\n')
    (tmp_path / "test_it.py").write_text(
        "from sst_otel.testing import assert_shares\n"
        "def test_nothing(shares):\n"
        "    assert_shares(shares, [])\n"
        "def test_something(shares):\n"
        "    assert_shares(None, [('7', 'Groq', {'email'})])\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in done.stdout
    assert "AssertionError: 0 shared that should not be, 1 not shared that should be" in done.stdout
    assert "comparing.py" not in done.stdout  # the test's own line is the one to look at
