"""Flask as a source: what a view sees of its request is tagged, as the right person's."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import flask
import pytest
import requests
from flask import Flask, request, session
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request as WerkzeugRequest

import sst_otel
from tests.support import Tracking, Vendor, tracking_in

MAIL = "ann.keller@example.com"
OURS = str(Path(sst_otel.__file__).parent)


@pytest.fixture
def app(tracking: Tracking, vendor: Vendor) -> Flask:
    app = Flask("shop")
    app.secret_key = "s" * 20
    crm = f"{vendor.url}/crm"

    def forward(value: Any) -> str:
        requests.post(crm, json={"v": value})
        return "ok"

    @app.post("/form")
    def form() -> str:
        return forward(request.form["email"])

    @app.post("/values")
    def values() -> str:
        return forward(request.values["email"])

    @app.post("/json")
    def json_body() -> str:
        return forward(request.get_json()["customer"]["contacts"][0]["email"])

    @app.post("/raw")
    def raw() -> str:
        return forward(json.loads(request.data)["email"])

    @app.post("/stream")
    def stream() -> str:
        return str(len(request.stream.read()))

    @app.get("/query")
    def query() -> str:
        return forward(request.args["email"])

    @app.get("/path/<email>")
    def path(email: str) -> str:
        return forward(email)

    @app.get("/cookie")
    def cookie() -> str:
        return forward(request.cookies["email"])

    @app.get("/header")
    def header() -> str:
        return forward(request.headers["X-User-Email"])

    @app.get("/agent")
    def agent() -> str:
        return forward(f"{request.remote_addr} {request.user_agent.string}")

    @app.post("/upload")
    def upload() -> str:
        return forward(request.files["contact"].read().decode())

    @app.post("/login")
    def login() -> str:
        mail = request.form["email"]
        session["user_id"] = 7
        return forward(mail)

    @app.get("/plain")
    def plain() -> str:
        return "ok"

    return app


@pytest.mark.parametrize(
    ("call", "source"),
    [
        (lambda c: c.post("/form", data={"email": MAIL}), "form_field:email"),
        (lambda c: c.post("/values?x=1", data={"email": MAIL}), "form_field:email"),
        (
            lambda c: c.post("/json", json={"customer": {"contacts": [{"email": MAIL}]}}),
            "json:customer.contacts.email",
        ),
        (
            lambda c: c.post("/raw", data=json.dumps({"email": MAIL}), content_type="text/plain"),
            "json:email",
        ),
        (lambda c: c.get("/query", query_string={"email": MAIL}), "query:email"),
        (lambda c: c.get(f"/path/{MAIL}"), "path:email"),
        (lambda c: c.get("/header", headers={"X-User-Email": MAIL}), "header:x_user_email"),
        (
            lambda c: c.post(
                "/upload", data={"contact": (io.BytesIO(f"E-Mail: {MAIL}".encode()), "c.txt")}
            ),
            "upload:E-Mail",
        ),
    ],
    ids=["form", "values", "json", "raw json", "query", "path", "header", "upload"],
)
def test_each_place_of_a_request(call: Any, source: str, app: Flask, tracking: Tracking) -> None:
    assert call(app.test_client()).status_code == 200
    (row,) = tracking.rows()
    assert row["data_types"] == ["email"]
    assert tracking.sources() >= {source}


def test_keys_that_may_be_people_are_not_stored(app: Flask, tracking: Tracking) -> None:
    @app.post("/book")
    def book() -> str:
        sst_otel.auto_tag_request_data()
        return "ok"

    people = {
        name: {"phone": f"+1 201 555 01{n}"} for n, name in enumerate(("Zephyrine", "rose"), 11)
    }
    app.test_client().post("/book", json={"contacts": people, "billing": {"email": MAIL}})
    tracking.tracker.audit.flush()
    assert tracking.sources() == {"json:contacts.{key}.phone", "json:billing.email"}


def test_cookies(app: Flask, tracking: Tracking) -> None:
    headers = {"Cookie": "email=ann.keller%40example.com"}
    app.test_client(use_cookies=False).get("/cookie", headers=headers)
    assert tracking.rows()[0]["data_types"] == ["email"]


def test_address_and_user_agent(app: Flask, tracking: Tracking) -> None:
    client = app.test_client()
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    headers = {"User-Agent": agent}
    client.get("/agent", headers=headers, environ_overrides={"REMOTE_ADDR": "93.184.216.34"})
    client.get("/agent", headers=headers, environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
    assert [sorted(row["data_types"]) for row in tracking.rows()] == [
        ["ip_address", "user_agent"],
        ["user_agent"],
    ]


class TestOwner:
    """Data is whose the signed session says, and a visitor's until they are somebody."""

    def test_a_visitor_is_nobody_known(self, app: Flask, tracking: Tracking) -> None:
        app.test_client().post("/form", data={"email": MAIL})
        (row,) = tracking.rows()
        assert len(row["owner_id"]) == 26

    def test_two_visitors_are_two_people(self, app: Flask, tracking: Tracking) -> None:
        for number in range(2):
            app.test_client().post("/form", data={"email": f"visitor{number}@example.com"})
        assert len({row["owner_id"] for row in tracking.rows()}) == 2

    def test_a_visitor_who_logs_in_becomes_the_person(self, app: Flask, tracking: Tracking) -> None:
        app.test_client().post("/login", data={"email": MAIL})
        (row,) = tracking.rows()
        assert row["owner_id"] == "7"

    def test_rules_in_order(self, tracking: Tracking, app: Flask, vendor: Vendor) -> None:
        claims = base64.urlsafe_b64encode(json.dumps({"sub": "jwt-9"}).encode()).decode()
        token = f"Bearer e30.{claims.rstrip('=')}.x"
        app.test_client().post("/form", data={"email": MAIL}, headers={"Authorization": token})
        assert [row["owner_id"] for row in tracking.rows()] == ["jwt-9"]

    def test_a_header_only_on_request(self, app: Flask, tmp_path: Any, tracking: Tracking) -> None:
        client = app.test_client()
        client.post("/form", data={"email": MAIL}, headers={"X-User-Id": "5"})
        assert tracking.rows()[0]["owner_id"] != "5"
        sst_otel.stop_tracking()
        (tmp_path / "again").mkdir()
        with tracking_in(tmp_path / "again", owner="header:X-User-Id") as again:
            client.post("/form", data={"email": MAIL}, headers={"X-User-Id": "5"})
            assert [row["owner_id"] for row in again.rows()] == ["5"]
        sst_otel.start_tracking(database_url=f"sqlite:///{tmp_path / 'audit.db'}", key="k" * 32)

    def test_the_applications_own_word(self, app: Flask, tracking: Tracking) -> None:
        @app.before_request
        def who() -> None:
            sst_otel.set_owner(12)

        app.test_client().post("/form", data={"email": MAIL})
        assert tracking.rows()[0]["owner_id"] == "12"


class TestHarmlessness:
    """Responses, headers and streams are those of an application without us."""

    def test_a_view_that_reads_the_stream_itself(self, app: Flask) -> None:
        body = json.dumps({"email": MAIL})
        response = app.test_client().post("/stream", data=body, content_type="application/json")
        assert response.text == str(len(body))

    def test_the_session_is_not_marked_as_accessed(self, app: Flask, tracking: Tracking) -> None:
        client = app.test_client()
        with client.session_transaction() as stored:
            stored["user_id"] = 3
        response = client.post("/form", data={"email": MAIL})
        assert "Vary" not in response.headers
        assert tracking.rows()[0]["owner_id"] == "3"

    def test_a_form_error_is_the_applications(self, app: Flask) -> None:
        refused = app.test_client().post("/form", data={"mail": MAIL})
        assert refused.status_code == 400
        refused.close()  # as a server does: the scope ends with the response
        bad = app.test_client().post("/json", data="{", content_type="application/json")
        assert bad.status_code == 400

    def test_exceptions_hold_no_value_in_our_frames(self, app: Flask) -> None:
        app.config["PROPAGATE_EXCEPTIONS"] = True

        @app.post("/fails")
        def fails() -> str:
            raise ValueError(request.form["nothing else"] if "x" in request.form else "no")

        with pytest.raises(ValueError, match="no") as caught:
            app.test_client().post(f"/fails?email={MAIL}", data={"email": MAIL})
        entry = caught.value.__traceback__
        ours = []
        while entry is not None:
            if entry.tb_frame.f_code.co_filename.startswith(OURS):
                ours.append(entry.tb_frame)
            entry = entry.tb_next
        shown = str([repr(value) for frame in ours for value in frame.f_locals.values()])
        assert MAIL not in shown
        assert "email=" not in shown

    @pytest.mark.parametrize(
        "body",
        [b"\xff\xfe\xfa", b"email=%ff%fe", b"{" * 5_000, b"[" * 1_000 + b"]" * 1_000],
    )
    @pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
    def test_bad_bodies(self, app: Flask, body: bytes, kind: str) -> None:
        answers = [
            app.test_client().post(path, data=body, content_type=kind).status_code
            for path in ("/form", "/json", "/raw", "/stream")
        ]
        sst_otel.stop_tracking()
        plain = [
            app.test_client().post(path, data=body, content_type=kind).status_code
            for path in ("/form", "/json", "/raw", "/stream")
        ]
        assert answers == plain

    def test_many_fields_and_a_large_form(self, app: Flask, tracking: Tracking) -> None:
        fields = {f"field{number}": "x" for number in range(900)}
        fields["email"] = MAIL
        assert app.test_client().post("/form", data=fields).status_code == 200
        large = {"notes": "lorem ipsum " * 40_000, "email": MAIL}
        assert app.test_client().post("/form", data=large).status_code == 200
        assert len(tracking.rows()) == 2


def test_a_request_that_is_not_flasks(app: Flask, tracking: Tracking, vendor: Vendor) -> None:
    """A server in the same process may read its own requests with werkzeug alone."""

    @app.get("/inner")
    def inner() -> str:
        body = json.dumps({"email": MAIL}).encode()
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            data = body if "json" in kind else urlencode({"email": MAIL}).encode()
            builder = EnvironBuilder(method="POST", data=data, content_type=kind)
            other = WerkzeugRequest(builder.get_environ())
            assert (other.get_json() if "json" in kind else other.form)["email"] == MAIL
        requests.post(vendor.url, json={"v": MAIL})
        return "ok"

    assert app.test_client().get("/inner").status_code == 200
    assert tracking.rows() == []


def test_a_request_without_personal_data_writes_nothing(app: Flask, tracking: Tracking) -> None:
    app.test_client().get("/plain")
    assert tracking.rows() == []
    assert len(tracking.tracker.registry) == 0


def test_auto_tag_request_data(app: Flask, tracking: Tracking, vendor: Vendor) -> None:
    """The seed's explicit call tags a form that the view has not touched yet."""

    @app.before_request
    def tag_incoming() -> None:
        sst_otel.auto_tag_request_data()
        assert sst_otel.get_tags(flask.request.form["email"])

    app.test_client().post("/form", data={"email": MAIL})
    assert len(tracking.rows()) == 1
