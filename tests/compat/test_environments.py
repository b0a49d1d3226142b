"""The example site's day, tracked in other people's environments: the same rows in all of them."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from examples.demo.people import PEOPLE
from examples.demo.truth import expected_rows
from tests.compat.conftest import Run
from tests.compat.environments import environments
from tests.isolated import found_python

pytestmark = pytest.mark.stack  # five environments, some minutes
ELSEWHERE = (
    "tests/sources/test_asgi_apps.py",
    "tests/sources/test_asyncpg_rows.py",
    "tests/sources/test_celery.py",
    "tests/sources/test_django.py",
    "tests/sources/test_django_desk.py",
    "tests/sources/test_django_meant.py",
    "tests/sources/test_django_start.py",
    "tests/sources/test_form_parts.py",
    "tests/sources/test_loaded_models.py",
    "tests/sources/test_mysql_rows.py",
    "tests/sources/test_postgres_rows.py",
    "tests/sources/test_postgres_sign_ups.py",
    "tests/sources/test_received.py",
    "tests/sources/test_starlette.py",
    "tests/sources/test_typed_parameters.py",
    "tests/sources/test_wsgi_servers.py",
)
"""Tests of libraries that no environment is about."""
PINNED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


class TestTheSite:
    def test_every_share_is_told_with_its_owner_and_nothing_else(self, run: Run) -> None:
        assert run.told["missing"] == []
        assert run.told["extra"] == []
        assert len(run.told["rows"]) == len(expected_rows())

    def test_the_vendors_got_what_they_get_without_us(self, run: Run) -> None:
        assert run.told["complaints"] == []

    def test_the_row_the_project_was_asked_for(self, run: Run) -> None:
        truth = "OpenAI/Groq:responses.create"
        destination = run.environment.destinations.get(truth, truth)
        found = [
            (sorted(row["data_types"]), row["owner_id"], row["recipient"])
            for row in run.told["rows"]
            if row["destination"] == destination
        ]
        wanted = [(["derived", "income"], person.owner_id, "Groq") for person in PEOPLE]
        assert sorted(found, key=lambda row: row[1]) == wanted

    def test_every_row_hangs_in_a_trace_and_says_that_it_was_sent(self, run: Run) -> None:
        for row in run.told["rows"]:
            assert row["trace_id"]
            assert row["span_id"]
            assert row["outcome"] == "sent"

    def test_every_row_names_the_line_that_shared(self, run: Run) -> None:
        for row in run.told["rows"]:
            assert row["stack_trace"][-1].startswith(("ai.py", "app.py", "crm.py", "marketing.py"))

    def test_nothing_of_ours_failed(self, run: Run) -> None:
        assert run.told["log"] == []


class TestThePages:
    def test_each_person_sees_their_own_rows_and_no_others(self, run: Run) -> None:
        for person, seen in zip(PEOPLE, run.told["pages"], strict=True):
            theirs = [row for row in run.told["rows"] if row["owner_id"] == person.owner_id]
            shown = [row["event_id"] for row in seen["api"]["audit_logs"]]
            assert sorted(shown) == sorted(row["event_id"] for row in theirs)

    def test_the_dashboard_names_the_recipients(self, run: Run) -> None:
        for seen in run.told["pages"]:
            assert seen["page"] == 200
            for recipient in ("Groq", "OpenAI", "Meta", "HubSpot"):
                assert recipient in seen["text"]

    def test_who_is_not_logged_in_sees_nothing(self, run: Run) -> None:
        assert run.told["stranger"] == 401


class TestTheCommand:
    def test_events_prints_the_same_rows(self, run: Run) -> None:
        command = run.told["command"]
        assert (command["code"], command["err"]) == (0, "")
        printed = json.loads(command["out"])
        rows = printed["audit_logs"] if isinstance(printed, dict) else printed
        assert {row["event_id"] for row in rows} == {row["event_id"] for row in run.told["rows"]}


def test_our_own_tests_of_what_meets_the_libraries_pass(run: Run) -> None:
    audit = ("store", "queries", "choosing_rows")
    rooms = ["tests/sources", *(f"tests/audit/test_{name}.py" for name in audit)]
    elsewhere = [f"--ignore={file}" for file in (*ELSEWHERE, *run.environment.without)]
    # Old libraries warn of what a new Python will take away from them.
    done = subprocess.run(
        [str(run.python), "-m", "pytest", "-W", "default", *rooms, *elsewhere],
        cwd=run.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class TestTheEnvironment:
    def test_tests_are_left_out_that_exist(self, run: Run) -> None:
        for file in (*ELSEWHERE, *run.environment.without):
            assert (run.folder / file).is_file(), file

    def test_the_package_is_the_built_one_and_its_needs_are_met(self, run: Run) -> None:
        assert "site-packages" in run.told["package"]
        assert run.conflicts == ""

    def test_the_versions_are_the_ones_asked_for(self, run: Run) -> None:
        for text in run.environment.requires:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate(
                {"python_version": run.told["python"]}
            ):
                assert wanted.specifier.contains(run.told["versions"][wanted.name]), text

    def test_the_oldest_are_really_the_oldest_that_are_declared(self) -> None:
        (oldest,) = (each for each in environments() if each.resolution == "lowest-direct")
        locked = dict(PINNED.findall(oldest.isolated.lock_file.read_text(encoding="utf-8")))
        asked = {Requirement(text).name for text in oldest.requires}
        for text in requires("sst-otel") or ():
            needed = Requirement(text)
            if needed.name not in asked:
                (bound,) = needed.specifier
                assert SpecifierSet(f"=={bound.version}").contains(locked[needed.name], True), text

    def test_nothing_that_we_bring_is_too_new_for_the_instrumentations_that_we_bring(self) -> None:
        (newest,) = (each for each in environments() if each.name == "sqlalchemy-2.1")
        locked = dict(PINNED.findall(newest.isolated.lock_file.read_text(encoding="utf-8")))
        core = [Requirement(text) for text in requires("sst-otel") or ()]
        brought = [each.name for each in core if each.marker is None]
        instrumentations = [name for name in brought if "-instrumentation-" in name]
        assert instrumentations
        for text in (text for name in instrumentations for text in requires(name) or ()):
            wanted = Requirement(text)
            if "instruments" in text and wanted.name in locked:
                assert wanted.specifier.contains(locked[wanted.name], True), text

    def test_what_fits_the_running_python_is_never_left_out(self) -> None:
        for each in environments():
            if SpecifierSet(each.python).contains(platform.python_version()):
                assert found_python(each.python) is not None
