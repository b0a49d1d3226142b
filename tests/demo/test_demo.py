"""The whole way of the data: an unchanged site, two people, and the audit log as it should be."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from examples.demo.__main__ import main
from examples.demo.people import PEOPLE
from examples.demo.run import run
from examples.demo.truth import expected_rows
from examples.stand_in import StandIn

ROOT = Path(__file__).resolve().parents[2]


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "SERVE"}
    return subprocess.run(
        [sys.executable, "-m", "examples.demo", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Run:
    """One finished run, shared by the tests below."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        done = run_demo("--json", "--dir", str(folder))
        assert done.stdout, done.stderr
        self.code, self.text, self.errors = done.returncode, done.stdout, done.stderr
        self.report: dict[str, Any] = json.loads(done.stdout)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("demo") / "work")


class TestTheAuditLogTellsWhatHappened:
    def test_every_share_is_there_with_its_owner_and_nothing_else(self, finished: Run) -> None:
        assert finished.report["missing"] == []
        assert finished.report["extra"] == []
        assert finished.report["complaints"] == []
        assert len(finished.report["audit_logs"]) == len(expected_rows())
        assert (finished.code, finished.errors) == (0, "")

    def test_the_row_the_project_was_asked_for(self, finished: Run) -> None:
        rows = [
            (row["owner_id"], sorted(row["data_types"]))
            for row in finished.report["audit_logs"]
            if row["destination"] == "OpenAI/Groq:responses.create"
        ]
        assert sorted(rows) == [("1", ["derived", "income"]), ("2", ["derived", "income"])]

    def test_recipients_are_looked_up_by_their_real_hosts(self, finished: Run) -> None:
        names = {
            row["recipient"]
            for row in finished.report["audit_logs"]
            if row["event_type"] == "external_api"
        }
        assert names == {"Groq", "OpenAI", "Meta", "HubSpot"}

    def test_the_hashed_identifiers_are_said_to_be_hashed(self, finished: Run) -> None:
        (evidence,) = {
            tuple(sorted(set(row["evidence"])))
            for row in finished.report["audit_logs"]
            if row["destination"].startswith("POST graph.facebook.com")
        }
        assert evidence == ("hashed",)

    def test_every_row_names_the_line_that_shared(self, finished: Run) -> None:
        files = {
            row["recipient"]: row["stack_trace"]
            for row in finished.report["audit_logs"]
            if row["event_type"] == "external_api"
        }
        for recipient, file in (
            ("Groq", "ai.py"),
            ("OpenAI", "ai.py"),
            ("Meta", "marketing.py"),
            ("HubSpot", "crm.py"),
        ):
            assert file in json.dumps(files[recipient])


class TestNothingPersonalIsWritten:
    def test_no_value_is_in_the_output_or_in_a_file_of_ours(self, finished: Run) -> None:
        values = {
            value
            for person in PEOPLE
            for name, value in {**person.sign_up, **person.settings}.items()
            if name != "gender"  # a word that anything may hold
        }
        written = {"output": finished.text, "errors": finished.errors}
        for path in finished.folder.rglob("*"):
            if path.is_file() and path.name != "budget.db":  # the site's own database
                written[str(path)] = path.read_bytes().decode("latin-1")
        assert any("sst_audit.db" in place for place in written)
        for place, text in written.items():
            for value in values:
                found = re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", text, re.IGNORECASE)
                assert found is None, place


class TestTheCommand:
    def test_the_table_is_80_columns_wide_at_most(self, tmp_path: Path) -> None:
        done = run_demo("--dir", str(tmp_path / "work"))
        assert done.returncode == 0, done.stdout + done.stderr
        lines = done.stdout.splitlines()
        assert max(len(line) for line in lines if "SST_DATABASE_URL" not in line) <= 80
        cells = [re.split(r"\s+\|\s+", line)[:3] for line in lines]
        for person in PEOPLE:
            whose = f"user {person.owner_id}"
            assert ["OpenAI/Groq:responses.create", "income, derived", whose] in cells

    def test_serve_keeps_the_pages_up_until_it_is_stopped(self, tmp_path: Path) -> None:
        demo = subprocess.Popen(
            [sys.executable, "-m", "examples.demo", "--dir", str(tmp_path / "work")],
            cwd=ROOT,
            env={**os.environ, "SERVE": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        with demo, requests.Session() as client:
            client.trust_env = False
            assert demo.stdout is not None
            told = ""
            for line in demo.stdout:
                told += line
                if line.startswith("Ctrl-C"):
                    break
            try:
                (page,) = re.findall(r"^The page:\s+(\S+)$", told, re.MULTILINE)
                (token,) = re.findall(r"^Staff:\s+(\S+)", told, re.MULTILINE)
                staff = {"Authorization": f"Bearer {token}"}
                assert client.get(page, timeout=10).status_code == 401
                assert client.get(page, headers=staff, timeout=10).status_code == 200
            finally:
                demo.terminate()
            assert demo.wait(20) == 143
            with pytest.raises(requests.ConnectionError):
                client.get(page, timeout=10)

    def test_it_does_not_start_without_the_stand_in(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        vendors = StandIn(tmp_path / "authority")
        vendors.close()
        assert run(tmp_path, vendors) == 2
        told = capsys.readouterr()
        assert "nobody stands in for the vendors" in told.err
        assert told.out == ""
        assert not (tmp_path / "app.log").exists()

    def test_it_does_not_empty_a_folder_of_somebody_else(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        precious = tmp_path / "precious.txt"
        precious.touch()
        with pytest.raises(SystemExit) as stopped:
            main(["--dir", str(tmp_path)])
        assert stopped.value.code == 2
        assert "did not make" in capsys.readouterr().err
        assert precious.exists()
