from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sst_otel.audit import open_reader
from sst_otel.cli import main
from sst_otel.cli.events import FIELDS as EVENT_FIELDS
from sst_otel.cli.provenance import FIELDS as PROVENANCE_FIELDS
from sst_otel.settings import Settings
from tests.pages.sample import ADA, GRACE, KEYS, START, Sample, settings_in, store


class TestEvents:
    """``sst-otel events`` prints the API's objects, all of them unless told otherwise."""

    def test_json_holds_the_objects_of_the_reader(
        self, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["events", "--format", "json"]) == 0

        printed = json.loads(capsys.readouterr().out)
        reader = open_reader(settings, KEYS)
        expected, _ = reader.audit_logs(viewer=None)
        reader.close()
        assert printed == {"audit_logs": expected, "next_cursor": None}
        assert len(expected) == 6
        assert set(expected[0]) == set(EVENT_FIELDS)

    def test_every_row_is_printed_however_many(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from tests.cli.conftest import use

        settings = settings_in(tmp_path)
        sample = Sample()
        some = sample.events()
        store(settings, [event for _ in range(200) for event in sample.events()] + some)
        use(monkeypatch, settings)

        assert main(["events", "--format", "ndjson"]) == 0
        ids = [json.loads(line)["event_id"] for line in capsys.readouterr().out.splitlines()]
        assert len(ids) == len(set(ids)) == 1206

    @pytest.mark.usefixtures("settings")
    def test_the_table_fits_80_columns_and_loses_nothing(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["events"]) == 0

        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80
        run_together = "".join("".join(lines).split())
        for said in (
            "OpenAI/Groq:",
            "responses.",
            "create",
            "income",
            "derived",
            ADA,
            GRACE,
            "insights.py:42",
        ):
            assert said in run_together

    @pytest.mark.parametrize(
        ("arguments", "count"),
        [
            (["--owner-id", ADA], 4),
            (["--owner-id", Sample().minter.owner(GRACE).ref], 2),
            (["--recipient", "Meta"], 2),
            (["--destination", "*graph.facebook.com*"], 2),
            (["--data-type", "derived"], 1),
            (["--event-type", "database_write"], 1),
            (["--since", str(START + 180)], 4),
            (["--until", "2026-11-22"], 6),
            (["--until", "2026-11-21"], 0),
            (["--limit", "2"], 2),
        ],
    )
    @pytest.mark.usefixtures("settings")
    def test_filters(
        self, arguments: list[str], count: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["events", "--format", "ndjson", *arguments]) == 0
        assert len(capsys.readouterr().out.splitlines()) == count

    @pytest.mark.usefixtures("settings")
    def test_a_limited_answer_goes_on_where_it_ended(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        seen: list[str] = []
        arguments: list[str] = []
        while True:
            assert main(["events", "--format", "json", "--limit", "4", *arguments]) == 0
            answer = json.loads(capsys.readouterr().out)
            seen += [event["event_id"] for event in answer["audit_logs"]]
            if answer["next_cursor"] is None:
                break
            arguments = ["--cursor", answer["next_cursor"]]
        assert len(seen) == len(set(seen)) == 6

    def test_csv_is_safe_against_formulas(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from tests.cli.conftest import use

        settings = settings_in(tmp_path)
        sample = Sample()
        event = sample.share(
            '=HYPERLINK("http://evil.example","x")',
            sample.events()[0].recipient,
            "+1+cmd|' /C calc'!A0",
            [("email", "exact", "@SUM(1)")],
        )
        store(settings, [event])
        use(monkeypatch, settings)

        assert main(["events", "--format", "csv"]) == 0
        (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
        assert row["owner_id"] == '\'=HYPERLINK("http://evil.example","x")'
        assert row["destination"].startswith("'+1")
        assert row["paths"].startswith("'@")
        assert float(row["timestamp"]) == event.at

    def test_a_table_shows_no_terminal_commands(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from tests.cli.conftest import use

        settings = settings_in(tmp_path)
        sample = Sample()
        recipient = sample.events()[0].recipient
        store(settings, [sample.share("\x1b[2J\u202e7", recipient, "a\x07b", [])])
        use(monkeypatch, settings)

        assert main(["events"]) == 0
        out = capsys.readouterr().out
        assert not set(out) & {"\x1b", "\x07", "\u202e"}

    @pytest.mark.usefixtures("settings")
    def test_a_closed_pipe_is_no_error(self) -> None:
        program = "import sys; from sst_otel.cli import main; sys.exit(main(sys.argv[1:]))"
        for words in (["events"], ["events", "--limit", "1"]):  # more than a buffer, and less
            read_end, write_end = os.pipe()
            os.close(read_end)
            done = subprocess.run(
                [sys.executable, "-c", program, *words],
                stdout=write_end,
                stderr=subprocess.PIPE,
                check=False,
            )
            os.close(write_end)
            assert (done.returncode, done.stderr) == (0, b"")


class TestProvenance:
    """``sst-otel provenance`` tells which data were seen."""

    @pytest.mark.usefixtures("settings")
    def test_rows_and_filters(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["provenance", "--owner-id", GRACE, "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)["provenance"]
        assert {row["data_type"] for row in rows} == {"email", "phone", "city"}
        assert {row["owner_id"] for row in rows} == {GRACE}
        assert set(rows[0]) == set(PROVENANCE_FIELDS)

        assert main(["provenance"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80

    def test_the_api_has_no_destination_here(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["provenance", "--destination", "x"]) == 2
        assert "--destination" in capsys.readouterr().err


class TestExitCodes:
    """Scripts can tell what went wrong."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--limit", "0"],
            ["--limit", "many"],
            ["--since", "yesterday"],
            ["--since", "2026-11-22", "--until", "2026-11-01"],
            ["--cursor", "nonsense"],
            ["--format", "xml"],
        ],
    )
    @pytest.mark.usefixtures("settings")
    def test_wrong_usage_is_2(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["events", *arguments]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert arguments[-2] in captured.err

    def test_no_command_is_2(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 2
        assert "usage" in capsys.readouterr().err

    def test_a_wrong_setting_is_2(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("SST_RETENTION_DAYS", "soon")
        assert main(["events"]) == 2
        assert "SST_RETENTION_DAYS" in capsys.readouterr().err

    def test_no_store_is_3_and_none_is_made(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["events"]) == 3
        assert "SST_DATABASE_URL" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []

    def test_no_key_is_3_and_none_is_made(
        self,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.delenv("SST_KEY")
        assert main(["events"]) == 3
        assert "SST_KEY_FILE" in capsys.readouterr().err
        assert not (tmp_path / "sst.key").exists()

    def test_a_file_that_is_no_database_is_3(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "sst_audit.db").write_bytes(b"this is no database at all" * 100)
        monkeypatch.setenv("SST_KEY", "a key of enough length")
        assert main(["events"]) == 3
        assert "cannot be read" in capsys.readouterr().err

    def test_an_empty_answer_is_0_and_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from tests.cli.conftest import use

        settings = settings_in(tmp_path)
        store(settings, Sample().events()[:1])
        use(monkeypatch, settings)
        assert main(["events", "--owner-id", "nobody"]) == 0
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", "No row fits.\n")
