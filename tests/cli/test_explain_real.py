"""A share that was really made, told by the command in another reading of the store."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

import sst_otel
from sst_otel.cli import main
from sst_otel.testing import follow
from tests.support import Vendor, tracking_in

EMAIL = "ada.quillfeather@example.org"
KNOWN_DIGEST = hashlib.md5(EMAIL.encode()).hexdigest()
"""Made before anything was followed, as by another program."""
PROGRAM = """
import requests

def advise(income, url):
    rate = round(income * 3 / 700, 2)
    requests.post(url, json={"monthly": rate}, timeout=5)
"""


def test_from_the_share_back_to_the_field(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    vendor: Vendor,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "advice_of_tests.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(str(tmp_path))
    end = follow("advice_of_tests")
    try:
        program: Any = __import__("advice_of_tests")
        with tracking_in(tmp_path) as tracking, sst_otel.scope("7", name="/advice"):
            income = sst_otel.tag(73120.5, "income", source="form_field:income")
            email = sst_otel.tag(EMAIL, "email", source="form_field:email")
            program.advise(income, f"{vendor.url}/contacts")
            digest = hashlib.sha256(EMAIL.encode()).hexdigest()
            requests.post(f"{vendor.url}/contacts", json={"em": digest}, timeout=5)
            requests.post(f"{vendor.url}/contacts", json={"em": KNOWN_DIGEST}, timeout=5)
            rows = tracking.rows()
            del email
            settings = tracking.tracker.settings
    finally:
        end()
        sys.modules.pop("advice_of_tests", None)
    assert settings.key is not None
    monkeypatch.setenv("SST_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("SST_KEY", settings.key)

    told = []
    for row in rows:
        assert main(["explain", row["event_id"]]) == 0
        told.append(" ".join(capsys.readouterr().out.split()))
    computed, made, known = told
    assert "computed value in json.monthly (derived) Why It was computed from" in computed
    assert "Made by multiply, divide, round From income (form_field:income)" in computed
    assert "Whose 7" in computed
    assert "Route /advice" in computed
    assert "advice_of_tests.py:6 in advise" in computed
    assert "a digest or a code that was made of it while the program ran" in made
    assert "a digest (MD5, SHA-1, SHA-256) of a normal form of it. The value has" in known
    assert EMAIL not in "".join(told)
    assert "73120" not in "".join(told)

    assert main(["lineage", rows[0]["tag_ids"][0]]) == 0
    assert "POST 127.0.0.1/contacts" in " ".join(capsys.readouterr().out.split())
