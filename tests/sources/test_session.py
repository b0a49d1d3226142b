"""Whose signed session it is, read from real Flask sessions without leaving a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import flask_login
import pytest
from flask.sessions import SessionInterface, SessionMixin

from sst_otel.settings import DEFAULT_OWNER_RULES
from sst_otel.sources.flask_session import signed_session_owner

Ask = Callable[..., Any]


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "signed"

    @app.get("/set")
    def set_() -> str:
        flask.session.update(app.config["CONTENT"])
        return ""

    @app.get("/who")
    def who() -> flask.Response:
        found = signed_session_owner(app.config.get("RULES", DEFAULT_OWNER_RULES))
        return flask.jsonify(found)

    return app


@pytest.fixture
def owner(app: flask.Flask) -> Callable[..., Any]:
    """Return a function: the owner that is found in a session with this content."""

    def ask(content: dict[str, Any], *rules: str) -> Any:
        app.config["CONTENT"] = content
        if rules:
            app.config["RULES"] = rules
        client = app.test_client()
        client.get("/set")
        answer = client.get("/who")
        assert "Vary" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        return answer.get_json()

    return ask


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"user_id": 17}, "17"),
        ({"user_id": "ada"}, "ada"),
        ({"_user_id": "5"}, "5"),
        ({"uid": 3, "user_id": 4}, "4"),
        ({"user": {"id": 9, "name": "Ada"}}, "9"),
        ({"user": {"sub": "auth0|1"}}, "auth0|1"),
        ({"user": {"name": "Ada"}}, None),
        ({"user_id": None, "uid": 8}, "8"),
        ({"user_id": ""}, None),
        ({"user_id": True}, None),
        ({"user_id": 1.5}, None),
        ({"user_id": ["1"]}, None),
        ({"user_id": "x" * 300}, None),
        ({"cart": 1}, None),
        ({}, None),
    ],
)
def test_the_usual_keys(owner: Ask, content: dict[str, Any], expected: str | None) -> None:
    assert owner(content) == expected


def test_rules_count_in_their_order(owner: Ask) -> None:
    assert owner({"uid": 1, "user_id": 2}, "session:uid", "session:user_id") == "1"


def test_dots_lead_into_mappings(owner: Ask) -> None:
    assert owner({"account": {"id": 4}}, "session:account.id") == "4"
    assert owner({"account": 4}, "session:account.id") is None
    assert owner({"account.id": 5}, "session:account.id") == "5"


def test_what_anybody_can_send_opens_nothing(app: flask.Flask) -> None:
    app.config["RULES"] = ("header:X-User-Id", "jwt:sub", "session:user_id")
    headers = {"X-User-Id": "17", "Authorization": "Bearer e30.eyJzdWIiOiIxNyJ9."}
    assert app.test_client().get("/who", headers=headers).get_json() is None


def test_a_session_signed_with_another_key_opens_nothing(app: flask.Flask) -> None:
    app.config["CONTENT"] = {"user_id": 17}
    client = app.test_client()
    client.get("/set")
    app.secret_key = "another"
    assert client.get("/who").get_json() is None


def test_an_application_without_a_key_has_no_sessions(app: flask.Flask) -> None:
    app.secret_key = None
    assert app.test_client().get("/who").get_json() is None


def test_outside_a_request_there_is_nobody(app: flask.Flask) -> None:
    assert signed_session_owner(DEFAULT_OWNER_RULES) is None
    with app.app_context():
        assert signed_session_owner(DEFAULT_OWNER_RULES) is None


class TestFlaskLogin:
    """flask-login's id, without its user loader being called."""

    @pytest.fixture
    def login_app(self, app: flask.Flask) -> flask.Flask:
        manager = flask_login.LoginManager(app)
        app.config["LOADED"] = 0

        class User(flask_login.UserMixin):  # type: ignore[misc]
            id = "u-1"

        @manager.user_loader  # type: ignore[untyped-decorator]
        def load(_id: str) -> Any:
            app.config["LOADED"] += 1
            return User()

        @app.get("/login")
        def login() -> str:
            flask_login.login_user(User())
            return ""

        return app

    def test_its_id_is_found_and_no_user_loaded(self, login_app: flask.Flask) -> None:
        login_app.config["RULES"] = ("flask_login",)
        client = login_app.test_client()
        client.get("/login")
        assert client.get("/who").get_json() == "u-1"
        assert login_app.config["LOADED"] == 0

    def test_its_key_counts_only_where_it_is_used(self, owner: Ask) -> None:
        assert owner({"_user_id": "1"}, "flask_login") is None

    def test_a_stolen_session_is_none_under_strong_protection(self, login_app: flask.Flask) -> None:
        login_app.config.update(RULES=("flask_login",), SESSION_PROTECTION="strong")
        client = login_app.test_client()
        client.get("/login", headers={"User-Agent": "theirs"})
        assert client.get("/who", headers={"User-Agent": "theirs"}).get_json() == "u-1"
        assert client.get("/who", headers={"User-Agent": "a thief's"}).get_json() is None


def test_a_session_of_another_kind_is_read_without_marking_it(app: flask.Flask) -> None:
    class Session(dict[str, Any], SessionMixin):
        """Looks like a server-side session that notes when it is read."""

        accessed = False
        modified = False

        def get(self, key: str, default: Any = None) -> Any:
            self.accessed = True
            return super().get(key, default)

    kept: list[Session] = []

    class Interface(SessionInterface):
        def open_session(self, app: Any, request: Any) -> Any:
            kept.append(Session(user_id="s-1"))
            return kept[-1]

        def save_session(self, app: Any, session: Any, response: Any) -> None:
            pass

    app.session_interface = Interface()
    assert app.test_client().get("/who").get_json() == "s-1"
    assert not kept[0].accessed
