"""A human name in a field that is called after user names."""

from __future__ import annotations

import pytest
import requests
from flask import Flask, request

from sst_otel.datatypes import FieldClassifier, classify_value, default_taxonomy
from tests.support import Tracking, Vendor

CLASSIFIER = FieldClassifier(default_taxonomy())


@pytest.mark.parametrize("field", ["userName", "user_name", "username"])
@pytest.mark.parametrize(
    ("value", "data_type"),
    [
        ("Kwame Mensah-Boateng", "name"),
        ("山田 花子", "name"),
        ("José Á. Pérez", "name"),
        ("kwame77", "username"),
        ("kwame@example.org", "email"),
        ("please enter your name here now", None),
        ("Error: not found", None),
        ("12 34", None),
    ],
)
def test_what_it_holds_decides(field: str, value: str, data_type: str | None) -> None:
    assert classify_value(CLASSIFIER, field, value, (field, "userEmail")) == data_type


def test_a_form_of_a_javascript_front_end(tracking: Tracking, vendor: Vendor) -> None:
    app = Flask("contact")

    @app.post("/contact")
    def contact() -> str:
        sent = request.get_json()
        html = f"<p>{sent['userName']} ({sent['userEmail']})</p>"
        requests.post(f"{vendor.url}/mail", json={"html": html}, timeout=20)
        return "ok"

    document = {"userName": "Kwame Mensah-Boateng", "userEmail": "kwame@example.org"}
    app.test_client().post("/contact", json=document)
    ((_, _, types),) = tracking.shares()
    assert types == ("email", "name")
