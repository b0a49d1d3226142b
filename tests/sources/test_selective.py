"""``track``, ``propagate`` and ``opaque``: what an installation does not want known, or not so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request
from sqlalchemy import Column, Integer, String, create_engine, text
from sqlalchemy.orm import Session, declarative_base

import sst_otel
from sst_otel.registry.identity import marked
from sst_otel.settings import load_settings
from tests.support import Tracking, Vendor, tracking_in

EMAIL = "ada.lovelace@example.org"
PHONE = "+49 341 5550178"
FORM = {"email": EMAIL, "phone": PHONE, "city": "Leipzig"}


Base: Any = declarative_base()


class User(Base):  # type: ignore[misc]
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String)
    mobile: Any = Column("phone", String)
    income = Column(Integer)


def tell(vendor: Vendor, **payload: Any) -> None:
    requests.post(f"{vendor.url}/v1", json=payload, timeout=5)


def types(tracking: Tracking) -> list[tuple[str, ...]]:
    return [kinds for _, _, kinds in tracking.shares()]


def the_user(session: Session) -> User:
    user = session.get(User, 1)
    assert user is not None
    return user


def another(value: str) -> str:
    return "".join(list(value))


class TestFields:
    @pytest.fixture
    def post(self, vendor: Vendor, tmp_path: Path) -> Callable[..., list[tuple[str, ...]]]:
        """Return the types that are reported of a form handed on as it is, under ``fields``."""
        app = Flask(__name__)

        @app.post("/form")
        def form() -> str:
            tell(vendor, **request.form)
            return ""

        def run(**fields: Any) -> list[tuple[str, ...]]:
            with tracking_in(tmp_path, fields=fields) as tracking:
                app.test_client().post("/form", data=FORM)
                assert tracking.errors() == {}
                return types(tracking)

        return run

    def test_without_lists_everything_is_tracked(
        self, post: Callable[..., list[tuple[str, ...]]]
    ) -> None:
        assert post() == [("city", "email", "phone")]

    @pytest.mark.parametrize(
        ("track", "reported"),
        [
            (["email", "CITY"], [("city", "email")]),
            (["e*"], [("email",)]),
            ({"except": ["email"]}, [("city", "phone")]),
            ("off", []),
            (True, [("city", "email", "phone")]),
        ],
    )
    def test_track_is_what_is_tagged_at_all(
        self, post: Callable[..., list[tuple[str, ...]]], track: Any, reported: Any
    ) -> None:
        assert post(track=track) == reported

    def test_what_is_opaque_is_tracked_too(
        self, post: Callable[..., list[tuple[str, ...]]]
    ) -> None:
        assert post(track=["email"], opaque=["phone"]) == [("email", "phone")]

    def test_a_field_of_a_document_is_named_by_its_path_or_its_name(
        self, vendor: Vendor, tmp_path: Path
    ) -> None:
        app = Flask(__name__)

        @app.post("/json")
        def document() -> str:
            tell(vendor, **request.get_json())
            return ""

        body = {"user": {"email": EMAIL}, "friend": {"email": "bob@example.org", "phone": PHONE}}
        fields = {"track": {"except": ["friend.email", "phone"]}}
        with tracking_in(tmp_path, fields=fields) as tracking:
            app.test_client().post("/json", json=body)
            ((paths, kinds),) = [(row["paths"], row["data_types"]) for row in tracking.rows()]
        assert kinds == ["email"]
        assert all("user" in path for path in paths)


class TestPropagate:
    def test_the_rest_is_found_by_content_and_not_followed(
        self, vendor: Vendor, tmp_path: Path
    ) -> None:
        app = Flask(__name__)
        seen: list[bool] = []

        @app.post("/form")
        def form() -> str:
            seen.extend(marked(request.form[name]) is not None for name in ("email", "phone"))
            tell(vendor, to=another(request.form["phone"]))
            return ""

        with tracking_in(tmp_path, fields={"propagate": {"except": ["phone"]}}) as tracking:
            app.test_client().post("/form", data=FORM)
            assert types(tracking) == [("phone",)]
        assert seen == [True, False]

    def test_digests_of_it_are_not_noted(self, vendor: Vendor, tmp_path: Path) -> None:
        import hashlib

        app = Flask(__name__)

        @app.post("/form")
        def form() -> str:
            tell(vendor, key=hashlib.sha256(f"salt {request.form['email']}".encode()).hexdigest())
            return ""

        for propagate, reported in ((["phone"], []), (["email"], [("email",)])):
            folder = tmp_path / str(len(reported))
            folder.mkdir()
            with tracking_in(folder, fields={"propagate": propagate}) as tracking:
                app.test_client().post("/form", data=FORM)
                assert types(tracking) == reported


class TestModels:
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Any:
        engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            session.add(User(id=1, email=EMAIL, mobile=PHONE, income=50_000))
            session.commit()
        yield engine
        engine.dispose()

    def test_only_what_is_listed_is_tagged(
        self, vendor: Vendor, tmp_path: Path, engine: Any
    ) -> None:
        models = {"User": {"track": ["email", "income"], "propagate": ["email"]}}
        with tracking_in(tmp_path, models=models) as tracking, sst_otel.scope():
            with Session(engine) as session:
                user = the_user(session)
                tell(vendor, email=user.email, phone=user.mobile, income=user.income)
                assert marked(user.email) is not None
                assert marked(user.income) is None
            assert types(tracking) == [("email", "income")]

    def test_however_the_rows_are_read(self, vendor: Vendor, tmp_path: Path, engine: Any) -> None:
        models = {f"{User.__module__}.User": {"track": {"except": ["mobile"]}}}
        with tracking_in(tmp_path, models=models) as tracking, sst_otel.scope():
            with engine.connect() as connection:
                row = connection.execute(text("SELECT id, email, phone FROM users")).one()
                tell(vendor, email=row.email, phone=row.phone)
            assert types(tracking) == [("email",)]

    def test_what_is_opaque_is_a_type_and_no_more(
        self, vendor: Vendor, tmp_path: Path, engine: Any
    ) -> None:
        with tracking_in(tmp_path, models={"User": {"opaque": ["mobile"]}}) as tracking:
            with sst_otel.scope(), Session(engine) as session:
                user = the_user(session)
                tell(vendor, to=user.mobile)
                tell(vendor, text=f"Call {user.mobile}")
                user.mobile = "+49 341 5550199"
                session.commit()
                session.refresh(user)
                tell(vendor, to=user.mobile)
            rows = [row for row in tracking.rows() if row["event_type"] == "external_api"]
            assert [row["data_types"] for row in rows] == [["phone"]] * 3
            assert [row["owner_id"] for row in rows] == ["1"] * 3
            assert [row["paths"] for row in rows] == [[""]] * 3
            assert len({tuple(row["tag_ids"]) for row in rows}) == 1
            for row in rows:
                (reason,) = row["metadata"]["why"]
                assert set(reason) == {"rule"}

    def test_an_attribute_that_does_not_exist_is_said(
        self, tmp_path: Path, engine: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        models = {"User": {"track": ["emial"]}}
        with tracking_in(tmp_path, models=models), Session(engine) as session:
            the_user(session)
        assert "User has no attribute 'emial'" in caplog.text


class TestWrongSettings:
    @pytest.mark.parametrize(
        ("settings", "line"),
        [
            ({"fields": {"tracks": []}}, "SST_FIELDS: tracks: must be track, propagate or opaque"),
            ({"fields": {"track": "email"}}, "SST_FIELDS: track must be a list of names"),
            ({"fields": {"track": {"but": []}}}, "SST_FIELDS: track must be a list of names"),
            ({"fields": {"opaque": [1]}}, "SST_FIELDS: opaque must be a list of names"),
            ({"fields": "email"}, "SST_FIELDS: must be a mapping"),
            (
                {"models": {"User": {"opaque": ["ssn"], "propagate": ["ssn"]}}},
                "SST_MODELS: User: ssn is opaque, so it cannot be in propagate",
            ),
            (
                {"models": {"User": {"opaque": ["ssn"], "track": {"except": ["ssn"]}}}},
                "SST_MODELS: User: ssn is opaque, so it cannot be excepted from track",
            ),
            (
                {"models": {"User": {"track": ["email"], "propagate": ["income"]}}},
                "SST_MODELS: User: income is in propagate, but track leaves it out",
            ),
            (
                {"models": {"User": {"colour": []}}},
                "SST_MODELS: User: must be a mapping with owner, fields, track",
            ),
        ],
    )
    def test_one_line_says_what_is_wrong(self, settings: dict[str, Any], line: str) -> None:
        with pytest.raises(ValueError, match="SST_") as caught:
            load_settings({}, settings)
        assert str(caught.value).startswith(line)

    def test_a_file_may_have_them(self, tmp_path: Path) -> None:
        file = tmp_path / "sst.yaml"
        file.write_text(
            "fields: {track: {except: [nick]}, propagate: off}\n"
            "models: {shop.User: {owner: id, track: [email, ssn], opaque: [ssn]}}\n"
        )
        settings = load_settings({"SST_CONFIG": str(file)})
        assert settings.fields["propagate"] is False
        assert settings.models["shop.User"]["opaque"] == ["ssn"]
