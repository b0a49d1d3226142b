"""The pages beside ordinary Flask applications, by real requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flask
import pytest
import wrapt

from sst_otel import guard
from sst_otel.audit import open_reader
from sst_otel.pages import flask_mount
from sst_otel.pages.application import PagesApp
from sst_otel.settings import Settings
from sst_otel.sources.flask_session import signed_session_owner
from tests.pages.client import STAFF
from tests.pages.sample import ADA, KEYS, STAFF_TOKEN

LOGS = "/provenance/api/audit-logs"
BEARER = {"Authorization": STAFF["HTTP_AUTHORIZATION"]}


@pytest.fixture(autouse=True)
def mounted(audit_settings: Settings) -> Iterator[Any]:
    pages = PagesApp(
        lambda: open_reader(audit_settings, KEYS),
        KEYS,
        audit_settings,
        lambda _environ: signed_session_owner(audit_settings.owner),
    )
    patches = flask_mount.install(lambda: pages)
    yield patches.undo
    patches.undo()


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "signed"

    @app.get("/")
    def home() -> str:
        return "home"

    @app.post("/login/<person>")
    def login(person: str) -> str:
        flask.session["user_id"] = person
        return "welcome"

    return app


def test_the_person_of_the_session_sees_their_own_rows(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get(LOGS).status_code == 401
    client.post(f"/login/{ADA}")
    answer = client.get(LOGS)
    assert answer.status_code == 200
    assert {row["owner_id"] for row in answer.get_json()["audit_logs"]} == {ADA}
    assert "Vary" not in answer.headers
    page = client.get("/provenance/dashboard")
    assert "received" in page.get_data(as_text=True)


def test_a_forged_header_opens_nothing(app: flask.Flask) -> None:
    answer = app.test_client().get(LOGS, headers={"X-User-Id": ADA})
    assert answer.status_code == 401
    assert app.test_client().get(LOGS, headers=BEARER).status_code == 200


def test_the_applications_own_routes_win(app: flask.Flask) -> None:
    @app.get("/provenance/dashboard")
    def own() -> str:
        return "the application's own page"

    client = app.test_client()
    assert client.get("/provenance/dashboard").data == b"the application's own page"
    assert client.get(LOGS).status_code == 401
    assert client.post("/provenance/dashboard").status_code == 405


def test_its_url_map_and_other_answers_stay_as_they_are(app: flask.Flask) -> None:
    rules = list(app.url_map.iter_rules())

    @app.errorhandler(404)
    def missing(_error: Any) -> tuple[str, int]:
        return "our own 404", 404

    client = app.test_client()
    assert client.get("/").data == b"home"
    for path in ("/nothing", "/provenance/nothing", "/provenance-x", "/provenances/dashboard"):
        answer = client.get(path)
        assert (answer.status_code, answer.data) == (404, b"our own 404")
    assert client.post("/").status_code == 405
    assert client.get(LOGS, headers=BEARER).status_code == 200
    assert list(app.url_map.iter_rules()) == rules


def test_its_hooks_still_run(app: flask.Flask) -> None:
    torn_down: list[Any] = []

    @app.before_request
    def wall() -> Any:
        return ("closed for maintenance", 503) if app.config.get("CLOSED") else None

    @app.after_request
    def stamp(response: flask.Response) -> flask.Response:
        response.headers["X-Stamp"] = "by the application"
        return response

    @app.teardown_request
    def down(error: Any) -> None:
        torn_down.append(error)

    client = app.test_client()
    answer = client.get(LOGS, headers=BEARER)
    assert (answer.status_code, answer.headers["X-Stamp"]) == (200, "by the application")
    assert torn_down == [None]
    app.config["CLOSED"] = True
    assert client.get(LOGS, headers=BEARER).status_code == 503


def test_the_answer_is_a_response_of_the_application(app: flask.Flask) -> None:
    class Response(flask.Response):
        pass

    kinds: list[type] = []
    app.response_class = Response
    app.after_request(lambda response: kinds.append(type(response)) or response)  # type: ignore[func-returns-value]
    app.test_client().get(LOGS, headers=BEARER)
    assert kinds == [Response]


@pytest.mark.parametrize("parsed_before", [None, "form", "get_data"])
def test_staff_sign_in_by_form(app: flask.Flask, parsed_before: str | None) -> None:
    @app.before_request
    def look() -> None:
        if parsed_before == "form":
            assert flask.request.form is not None
        elif parsed_before == "get_data":
            flask.request.get_data()

    client = app.test_client()
    answer = client.post(
        "/provenance/sign-in", data={"token": STAFF_TOKEN, "next": "/provenance/audit-logs"}
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/provenance/audit-logs")
    assert client.get("/provenance/dashboard").status_code == 200
    client.post("/provenance/sign-out")
    assert client.get("/provenance/dashboard").status_code == 401


def test_under_a_prefix_all_links_have_it(app: flask.Flask) -> None:
    answer = app.test_client().get(
        "/provenance/dashboard", environ_overrides={"SCRIPT_NAME": "/shop"}, headers=BEARER
    )
    text = answer.get_data(as_text=True)
    assert 'href="/shop/provenance/audit-logs"' in text
    assert 'href="/provenance' not in text


def test_blueprints_and_subclasses_are_no_different() -> None:
    class Application(flask.Flask):
        def dispatch_request(self, *args: Any, **kwargs: Any) -> Any:
            return super().dispatch_request(*args, **kwargs)

    app = Application(__name__)
    blueprint = flask.Blueprint("b", __name__, url_prefix="/provenance")
    blueprint.add_url_rule("/own", view_func=lambda: "own", endpoint="own")
    app.register_blueprint(blueprint)
    client = app.test_client()
    assert client.get("/provenance/own").data == b"own"
    assert client.get(LOGS, headers=BEARER).status_code == 200


def test_our_failure_is_the_applications_404(
    app: flask.Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(PagesApp, "__call__", fail)
    assert app.test_client().get(LOGS).status_code == 404
    assert guard.error_counts() == {"pages.flask": 1}


def test_uninstalling_gives_the_original_back(app: flask.Flask, mounted: Any) -> None:
    ours = flask.Flask.__dict__["dispatch_request"]
    mounted()
    assert flask.Flask.__dict__["dispatch_request"] is not ours
    assert app.test_client().get(LOGS, headers=BEARER).status_code == 404


def test_below_somebody_elses_wrapper_ours_goes_inert(app: flask.Flask, mounted: Any) -> None:
    before = flask.Flask.__dict__["dispatch_request"]

    def theirs(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    wrapt.wrap_function_wrapper("flask", "Flask.dispatch_request", theirs)
    try:
        assert app.test_client().get(LOGS, headers=BEARER).status_code == 200
        mounted()
        assert app.test_client().get(LOGS, headers=BEARER).status_code == 404
        assert app.test_client().get("/").data == b"home"
    finally:
        flask.Flask.dispatch_request = before  # type: ignore[method-assign]


@pytest.mark.parametrize("opentelemetry_first", [True, False])
def test_opentelemetrys_flask_is_served_in_either_order(
    mounted: Any, audit_settings: Settings, opentelemetry_first: bool
) -> None:
    """Its instrumentation puts a subclass at ``flask.Flask``; load order is arbitrary."""
    from opentelemetry.instrumentation.flask import FlaskInstrumentor

    mounted()
    theirs = FlaskInstrumentor()
    pages = PagesApp(lambda: open_reader(audit_settings, KEYS), KEYS, audit_settings)
    if opentelemetry_first:
        theirs.instrument()
    ours = flask_mount.install(lambda: pages)
    if not opentelemetry_first:
        theirs.instrument()
    try:
        app = flask.Flask(__name__)
        assert type(app).__name__ == "_InstrumentedFlask"
        assert app.test_client().get(LOGS, headers=BEARER).status_code == 200
    finally:
        theirs.uninstrument()
        ours.undo()
    assert flask.Flask(__name__).test_client().get(LOGS, headers=BEARER).status_code == 404


def test_the_pages_are_made_for_the_first_request_of_theirs(
    app: flask.Flask, mounted: Any, audit_settings: Settings
) -> None:
    mounted()
    made: list[PagesApp] = []

    def make() -> PagesApp:
        made.append(PagesApp(lambda: open_reader(audit_settings, KEYS), KEYS, audit_settings))
        return made[-1]

    patches = flask_mount.install(make)
    client = app.test_client()
    client.get("/")
    client.get("/nothing")
    assert made == []
    client.get(LOGS)
    client.get(LOGS)
    assert len(made) == 1
    patches.undo()
