"""The list of recipients is the same from PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sst_otel.audit import open_reader
from tests.pages.sample import KEYS, Sample, settings_in, store
from tests.postgres import Database, postgres, postgres_server

__all__ = ["postgres", "postgres_server"]


@pytest.mark.stack
def test_known_and_unknown(postgres: Database, tmp_path: Path) -> None:
    settings = replace(settings_in(tmp_path), database_url=postgres.url("psycopg"))
    store(settings, Sample().events())
    reader = open_reader(settings, KEYS)
    everybody = reader.recipients(viewer=None)
    unknown = reader.recipients(viewer=None, unknown=True)
    reader.close()
    people = {row["recipient"]: (row["people"], row["events"]) for row in everybody}
    assert people == {
        "own database": (1, 1),
        "Meta": (2, 2),
        "Example CRM": (1, 1),
        "unknown": (1, 1),
        "Groq": (1, 1),
    }
    assert [row["domains"] for row in unknown] == [["api.example"]]
    assert unknown[0]["hosts"] == ["api.example"]
