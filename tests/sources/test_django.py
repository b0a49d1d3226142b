"""Django as a source: what a view sees of its request and rows is tagged, as the right person's."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
import requests
from django.apps import apps
from django.conf import settings
from django.test import override_settings

from tests.sources.sender import Sender
from tests.support import Tracking, Vendor

if not settings.configured:
    settings.configure(
        SECRET_KEY="s" * 50,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="tests.sources.django_shop.views",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "rest_framework",
            "rest_framework.authtoken",
            "tests.sources.django_shop",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
    apps.ready = False  # until it is this module's turn

MAIL = "ann.keller@example.com"


@pytest.fixture(scope="module", autouse=True)
def only_here() -> Iterator[None]:
    """A process has one Django: what other modules test must not find it and its accounts."""
    apps.ready = True
    yield
    apps.ready = False


@pytest.fixture
def client(tracking: Tracking, vendor: Vendor, tmp_path: Path) -> Iterator[Any]:
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from tests.sources.django_shop import views

    connections["default"].settings_dict["NAME"] = str(tmp_path / "shop.db")
    call_command("migrate", run_syncdb=True, verbosity=0)
    views.forward_by(lambda value: requests.post(f"{vendor.url}/crm", data={"v": value}))
    yield Client()
    connections.close_all()


@pytest.mark.parametrize(
    ("call", "source"),
    [
        (lambda c: c.post("/form", {"email": MAIL}), "form_field:email"),
        (lambda c: c.post("/raw", {"email": MAIL}, content_type="application/json"), "json:email"),
        (
            lambda c: c.post("/raw", json.dumps({"email": MAIL}), content_type="text/plain"),
            "json:email",
        ),
        (lambda c: c.post("/rest", {"email": MAIL}, content_type="application/json"), "json:email"),
        (lambda c: c.get("/query", {"email": MAIL}), "query:email"),
        (lambda c: c.get(f"/path/{MAIL}"), "path:email"),
        (lambda c: c.get(f"/regex/{MAIL}"), "path:email"),
        (lambda c: c.get("/header", headers={"X-User-Email": MAIL}), "header:x_user_email"),
        (lambda c: c.get("/cookie", headers={"Cookie": f"email={MAIL}"}), "cookie:email"),
        (lambda c: c.post("/upload", {"contact": _file(f"E-Mail: {MAIL}")}), "upload:E-Mail"),
        (lambda c: list(c.post("/streamed", {"email": MAIL})), "form_field:email"),
        (lambda c: c.post("/later", {"email": MAIL}), "form_field:email"),
    ],
    ids=[
        "form", "json", "raw json", "rest", "query", "path", "regex", "header", "cookie", "upload",
        "streamed", "async view",
    ],
)  # fmt: skip
def test_each_place_of_a_request(call: Any, source: str, client: Any, tracking: Tracking) -> None:
    answer = call(client)
    assert isinstance(answer, list) or answer.status_code == 200
    (row,) = tracking.rows(destination="POST 127.0.0.1/crm")
    assert row["data_types"] == ["email"]
    assert source in tracking.sources()


def test_what_a_trusted_service_says(client: Any, tracking: Tracking) -> None:
    sender, member = Sender(tracking), "QX-774-19-KLP-2"
    headers = sender.headers(user_id=member)
    client.post("/raw", {"email": member}, content_type="application/json", headers=headers)
    (row,) = tracking.rows(destination="POST 127.0.0.1/crm")
    assert row["tag_ids"] == [sender.tag_id("user_id", member)]


def _file(text: str) -> io.BytesIO:
    file = io.BytesIO(text.encode())
    file.name = "contact.txt"
    return file


def test_the_route_is_the_pattern(client: Any, tracking: Tracking) -> None:
    client.get(f"/path/{MAIL}")
    (row,) = tracking.rows()
    assert row["route"] == "/path/<str:email>"


def test_a_value_that_a_form_has_cleaned(client: Any, tracking: Tracking) -> None:
    client.post("/checked", {"email": MAIL, "born": "1991-03-02"})
    assert tracking.sources() >= {"form_field:born"}


def test_who_signs_up_becomes_the_owner(client: Any, tracking: Tracking) -> None:
    client.post("/sign-up", {"email": MAIL})
    shared = tracking.rows(event_type="external_api")
    assert [row["owner_id"] for row in shared] == ["1"]


@pytest.fixture
def people(client: Any) -> None:
    """Ann and Ben, users 1 and 2, with an order each."""
    from django.contrib.auth.models import User

    from tests.sources.django_shop.models import Customer, Order

    for number, name in enumerate(("ann", "ben"), 1):
        user = User.objects.create_user(name, f"{name}.keller@example.com", "secret word")
        Customer.objects.create(
            user=user, city="Wernigerode", born="1991-03-02", monthly_income=f"5{number}21.50"
        )
        Order.objects.create(buyer=user, delivery_phone=f"+49 151 234567{number}", article="shoe")


@pytest.mark.usefixtures("people")
def test_rows_are_their_persons(client: Any, tracking: Tracking) -> None:
    client.post("/sign-in", {"username": "ann"})
    client.get("/mine")
    (row,) = tracking.rows(event_type="external_api")
    assert row["owner_id"] == "1"
    assert set(row["data_types"]) == {"email", "city", "income", "birthday"}
    client.get("/order/2")
    row = tracking.rows(event_type="external_api")[-1]
    assert row["data_types"] == ["phone"]
    assert row["owner_id"] == "2"


@pytest.mark.usefixtures("people")
def test_a_command_has_its_people_from_the_rows(tracking: Tracking) -> None:
    from django.core.management import call_command

    call_command("remind", email=MAIL)
    typed, *rows = tracking.rows(event_type="external_api")
    assert {row["route"] for row in (typed, *rows)} == {"command manage.py remind"}
    assert typed["data_types"] == ["email"]
    assert [(row["owner_id"], set(row["data_types"])) for row in rows] == [
        ("1", {"phone", "email"}),
        ("2", {"phone", "email"}),
    ]


def test_a_token_of_the_rest_framework_tells_the_owner(client: Any, tracking: Tracking) -> None:
    from django.contrib.auth.models import User
    from rest_framework.authtoken.models import Token

    User.objects.create_user("zoe")
    user = User.objects.create_user("ann", MAIL, "secret word")
    token = Token.objects.create(user=user)
    bearer = {"Authorization": f"Token {token.key}"}
    answer = client.post(
        "/rest", {"email": "other@example.com"}, content_type="application/json", headers=bearer
    )
    assert answer.json() == {"who": "ann"}
    (row,) = tracking.rows(event_type="external_api")
    assert row["owner_id"] == "2"


def test_a_session_that_nobody_asks_for_stays_unloaded(client: Any, tracking: Tracking) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.post("/sign-up", {"email": MAIL})
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/plain")
    assert len(queries) == 0
    assert "Vary" not in answer.headers


def test_an_error_is_the_applications_own(client: Any, tracking: Tracking) -> None:
    with pytest.raises(LookupError) as raised:
        client.get("/broken", {"email": MAIL})
    assert not [entry for entry in raised.traceback if "sst_otel" in str(entry.path)]
    assert client.get("/nowhere").status_code == 404


def test_the_page_of_an_error_shows_no_variable_of_ours(client: Any) -> None:
    client.raise_request_exception = False
    with override_settings(DEBUG=True):
        page = client.get("/broken", {"email": MAIL}).content.decode()
    assert "LookupError" in page
    assert "/django_shop/views.py" in page
    assert "sst_otel/" not in page


def test_django_may_be_imported_after_tracking_has_started(tmp_path: Path) -> None:
    program = (
        "import sst_otel; from sst_otel.guard import error_counts\n"
        f"sst_otel.start_tracking(database_url='sqlite:///{tmp_path / 'audit.db'}')\n"
        "import django.db.models, rest_framework; print(error_counts())\n"
        "managers = django.db.models.Manager, django.db.models.QuerySet\n"
        "assert django.VERSION < (5,) or all(m.bulk_create.alters_data for m in managers)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == "{}\n"
