from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sst_otel.audit import open_reader
from sst_otel.pages.application import PagesApp
from sst_otel.settings import Settings
from tests.pages.client import STAFF, Client
from tests.pages.sample import ADA, GRACE, KEYS, STAFF_TOKEN, START, Sample, store

LOGS = "/api/audit-logs"


class TestWhoMaySeeWhat:
    """The person of a signed session their own rows, staff all, everybody else none."""

    def test_a_person_sees_their_own_rows(self, client: Client) -> None:
        logs = client(LOGS, person=ADA).json["audit_logs"]
        assert len(logs) == 4
        assert {event["owner_id"] for event in logs} == {ADA}
        data = client("/api/provenance", person=GRACE).json["provenance"]
        assert {datum["owner_id"] for datum in data} == {GRACE}

    @pytest.mark.parametrize("asked", [GRACE, Sample().minter.owner(GRACE).ref, "*", "' OR 1=1"])
    def test_no_owner_filter_widens_that(self, client: Client, asked: str) -> None:
        for path in (LOGS, "/api/provenance"):
            (found,) = [v for v in client(path, f"owner_id={asked}", person=ADA).json.values() if v]
            assert {row["owner_id"] for row in found} == {ADA}

    def test_staff_see_everybody(self, client: Client) -> None:
        logs = client(LOGS, **STAFF).json["audit_logs"]
        assert {event["owner_id"] for event in logs} == {ADA, GRACE}
        some = client(LOGS, f"owner_id={GRACE}", **STAFF).json["audit_logs"]
        assert {event["owner_id"] for event in some} == {GRACE}

    @pytest.mark.parametrize(
        "environ",
        [
            {},
            {"HTTP_X_USER_ID": ADA},
            {"HTTP_AUTHORIZATION": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxNyJ9."},
            {"HTTP_AUTHORIZATION": f"Bearer {STAFF_TOKEN}x"},
            {"HTTP_AUTHORIZATION": f"Bearer {STAFF_TOKEN[:-1]}"},
            {"HTTP_AUTHORIZATION": f"Basic {STAFF_TOKEN}"},
            {"HTTP_AUTHORIZATION": "Bearer "},
            {"HTTP_AUTHORIZATION": "Bearer \xff\xfe"},
            {"HTTP_COOKIE": f"sst_staff={STAFF_TOKEN}"},
            {"HTTP_COOKIE": "sst_staff=99999999999.0.0; sst_staff=..; sst_staff"},
            {"HTTP_COOKIE": "sst_staff=\xe9.\xe9.\xe9"},
            {"test.person": ""},
        ],
    )
    def test_everybody_else_is_refused(self, client: Client, environ: dict[str, Any]) -> None:
        for path in (LOGS, "/api/provenance", "/dashboard", "/audit-logs"):
            reply = client(path, **environ)
            assert reply.status == 401
            assert reply.header("WWW-Authenticate") == 'Bearer realm="sst_otel"'
            assert "insights.py" not in reply.text

    def test_a_bearer_token_of_the_application_does_not_shut_its_person_out(
        self, client: Client
    ) -> None:
        reply = client(LOGS, person=ADA, HTTP_AUTHORIZATION="Bearer of.the.app")
        assert len(reply.json["audit_logs"]) == 4

    @pytest.mark.parametrize("token", [None, ""])
    def test_without_a_staff_token_there_is_no_staff(
        self, audit_settings: Settings, token: str | None
    ) -> None:
        settings = replace(audit_settings, staff_token=token)
        app = PagesApp(lambda: open_reader(settings, KEYS), KEYS, settings, lambda environ: None)
        for header in ("Bearer", "Bearer ", "Bearer None"):
            assert Client(app)(LOGS, HTTP_AUTHORIZATION=header).status == 401
        page = Client(app)("/dashboard")
        assert page.status == 401
        assert "<form" not in page.text
        assert "SST_STAFF_TOKEN" in page.text


class TestAnswers:
    """Objects, paging and filters as the store gives them."""

    def test_newest_first_and_page_after_page(self, client: Client) -> None:
        whole = client(LOGS, **STAFF).json
        assert whole["next_cursor"] is None
        times = [event["timestamp"] for event in whole["audit_logs"]]
        assert times == sorted(times, reverse=True)
        found: list[Any] = []
        query = "limit=4"
        while True:
            page = client(LOGS, query, **STAFF).json
            found += page["audit_logs"]
            if page["next_cursor"] is None:
                break
            query = f"limit=4&cursor={page['next_cursor']}"
        assert found == whole["audit_logs"]

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("recipient=Meta", 2),
            ("destination=OpenAI/Groq:responses.create", 1),
            ("destination=*facebook*", 2),
            ("data_type=derived", 1),
            ("event_type=database_write", 1),
            (f"since={START + 180}", 4),
            ("since=2026-11-22T15:10:00Z", 3),
            ("since=2026-11-22T16:10:00%2B01:00", 3),
            ("since=2026-11-22T16:10:00+01:00", 3),
            ("until=2026-11-22T15:10:00", 3),
            ("until=2026-11-22", 6),
            ("until=2026-11-21", 0),
            ("since=2026-11-23", 0),
            ("recipient=&since=&limit=", 6),
            ("limit=" + "9" * 400, 6),
            ("recipient=%00", None),
        ],
    )
    def test_filters(self, client: Client, query: str, count: int | None) -> None:
        reply = client(LOGS, query, **STAFF)
        if count is None:
            assert reply.status == 400
        else:
            assert len(reply.json["audit_logs"]) == count

    def test_a_limit_is_capped(self, audit_settings: Settings) -> None:
        asked: list[int] = []

        class Reader:
            def audit_logs(self, **filters: Any) -> Any:
                asked.append(filters["limit"])
                return [], None

            def close(self) -> None:
                pass

        app: Any = PagesApp(lambda: Reader(), KEYS, audit_settings)  # type: ignore[arg-type, return-value]
        for query in ("limit=1000000", "limit=7", ""):
            Client(app)(LOGS, query, **STAFF)
        assert asked == [1000, 7, 100]

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=ten", "limit"),
            ("limit=%D9%A1", "limit"),
            ("since=yesterday", "since"),
            ("since=nan", "since"),
            ("since=-inf", "since"),
            ("until=1e300", "until"),
            ("until=2026-13-01", "until"),
            ("since=2026-11-22&until=2026-11-01", "until"),
            ("cursor=nonsense", "cursor"),
            ("cursor=%F0%9F%92%A9", "cursor"),
            ("owner=17", "owner"),
            ("limit=1&limit=2", "limit"),
            ("recipient=" + "x" * 501, "recipient"),
            ("recipient=%FF", "query"),
            ("&".join(f"a{i}=1" for i in range(60)), "query"),
        ],
    )
    def test_a_wrong_parameter_is_named(self, client: Client, query: str, parameter: str) -> None:
        reply = client(LOGS, query, **STAFF)
        assert reply.status == 400
        assert reply.json["error"] == "bad_parameter"
        assert reply.json["parameter"] == parameter
        assert reply.json["message"].startswith(parameter)

    def test_a_store_that_cannot_be_read_is_said_without_details(
        self, audit_settings: Settings, tmp_path: Path
    ) -> None:
        (tmp_path / "secret-name.db").write_bytes(b"no database" * 200)
        url = f"sqlite:///{tmp_path / 'secret-name.db'}"
        settings = replace(audit_settings, database_url=url)
        app = PagesApp(lambda: open_reader(settings, KEYS), KEYS, settings)
        reply = Client(app)(LOGS, **STAFF)
        assert (reply.status, reply.json["error"]) == (503, "store_unavailable")
        page = Client(app)("/dashboard", **STAFF)
        assert page.status == 503
        assert "secret-name" not in reply.text + page.text

    def test_what_was_just_shared_is_there(
        self, client: Client, audit_settings: Settings, tmp_path: Path
    ) -> None:
        before = len(client(LOGS, person=ADA).json["audit_logs"])
        store(audit_settings, [Sample(made=500).events()[0]])
        assert len(client(LOGS, person=ADA).json["audit_logs"]) == before + 1


class TestHttp:
    """Headers, methods and addresses."""

    @pytest.mark.parametrize("path", ["/dashboard", "/audit-logs", LOGS, "/api/provenance", "/x"])
    def test_nothing_is_kept_framed_or_guessed(self, client: Client, path: str) -> None:
        for environ in (STAFF, {}):
            reply = client(path, **environ)
            assert reply.header("Cache-Control") == "no-store"
            assert reply.header("X-Content-Type-Options") == "nosniff"
            assert reply.header("Referrer-Policy") == "no-referrer"
            policy = reply.header("Content-Security-Policy") or ""
            assert policy.startswith("default-src 'none'")
            assert "unsafe" not in policy
            assert "script" not in policy

    def test_head_gives_the_headers_of_get(self, client: Client) -> None:
        reply = client("/dashboard", method="HEAD", **STAFF)
        assert (reply.status, reply.body) == (200, b"")
        whole = client("/dashboard", **STAFF)
        assert reply.header("Content-Length") == str(len(whole.body))

    def test_other_methods_are_refused(self, client: Client) -> None:
        reply = client(LOGS, method="DELETE", **STAFF)
        assert (reply.status, reply.header("Allow")) == (405, "GET, HEAD")
        reply = client("/sign-in")
        assert (reply.status, reply.header("Allow")) == (405, "POST")

    @pytest.mark.parametrize("path", ["", "/"])
    def test_the_bare_address_leads_to_the_overview(self, client: Client, path: str) -> None:
        reply = client(path, SCRIPT_NAME="/shop")
        assert reply.status == 303
        assert reply.header("Location") == "/shop/provenance/dashboard"

    @pytest.mark.parametrize(
        "path", ["/static/../application.py", "/static/", "/static/x.css", "/nothing", "x"]
    )
    def test_there_is_nothing_else(self, client: Client, path: str) -> None:
        assert client(path, **STAFF).status == 404

    def test_static_files_hold_no_data_and_may_be_kept(self, client: Client) -> None:
        reply = client("/static/style.css")
        assert reply.status == 200
        assert reply.header("Content-Type") == "text/css; charset=utf-8"
        assert "public" in (reply.header("Cache-Control") or "")
