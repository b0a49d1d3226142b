"""``sst-otel seal``, ``verify`` and ``prove``, and the ingest that seals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sst_otel.cli import main
from tests.audit.helpers import NOW, settings_in
from tests.audit.seals.sample import Sealed, records
from tests.cli.test_ingest import SCRIPT, ingesting, shared

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sealed]:
    sample = Sealed(f"sqlite:///{tmp_path}/audit.db", tmp_path)
    sample.store.append(records(0))
    monkeypatch.setenv("SST_DATABASE_URL", sample.url)
    monkeypatch.setenv("SST_SEAL_KEY_FILE", str(sample.key))
    monkeypatch.setenv("SST_SEAL_ANCHOR", str(sample.anchor))
    yield sample
    sample.close()


def said(capsys: Capture, *arguments: str | Path) -> tuple[int, str, str]:
    code = main([str(one) for one in arguments])
    out, err = capsys.readouterr()
    assert all(len(line) <= 80 for line in out.splitlines())
    return code, out, err


def test_what_was_sealed_is_good(sample: Sealed, capsys: Capture) -> None:
    code, out, _ = said(capsys, "seal")
    assert code == 0
    assert out.startswith("batch 1, 24 rows, ")
    assert said(capsys, "seal")[1].startswith("batch 2, 0 rows, ")
    sample.store.append(records(1))
    code, out, _ = said(capsys, "verify")
    assert code == 0
    assert "2 batches" in out
    assert "not sealed yet  " in out
    assert "Everything is as it was written." in out
    assert "Without --anchor" in out
    code, out, _ = said(capsys, "verify", "--anchor", sample.anchor)
    assert code == 0
    assert "up to batch 2" in out


def test_what_was_changed_is_told(sample: Sealed, capsys: Capture) -> None:
    said(capsys, "seal")
    [first] = sample.ask("SELECT min(event_id) FROM audit_logs")
    sample.run(f"UPDATE audit_logs SET destination = 'x' WHERE event_id = '{first}'")
    code, out, _ = said(capsys, "verify")
    assert code == 1
    assert "1 problem\n" in out
    assert f"First event: {first}" in out
    assert sample.ask("SELECT problems FROM seal_verifications") == [1]
    assert sample.ask("SELECT first_event FROM seal_verifications") == [first]
    said(capsys, "verify", "--read-only")
    assert sample.ask("SELECT count(*) FROM seal_verifications") == [1]
    code = main(["verify", "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (code, found["count"], found["first_event"]) == (1, 1, first)
    assert found["problems"][0]["what"] == "changed"
    assert found["head"]["seq"] == 1


class TestDoctor:
    """Says when the log was sealed last, where somebody seals it."""

    @staticmethod
    def findings(capsys: Capture) -> dict[str, tuple[str, str]]:
        main(["doctor", "--format", "json"])
        rows = json.loads(capsys.readouterr().out)["findings"]
        return {
            row["subject"]: (row["state"], row["detail"]) for row in rows if row["area"] == "seals"
        }

    def test_nobody_seals(
        self, sample: Sealed, capsys: Capture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        state, detail = self.findings(capsys)["last seal"]
        assert (state, detail.startswith("never, 24 rows not sealed")) == ("problem", True)
        monkeypatch.delenv("SST_SEAL_KEY_FILE")
        state, detail = self.findings(capsys)["last seal"]
        assert (state, "24 rows not sealed; with SST_SEAL_KEY_FILE" in detail) == ("note", True)

    def test_somebody_does(
        self, sample: Sealed, capsys: Capture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said(capsys, "seal")
        state, detail = self.findings(capsys)["last seal"]
        assert (state, "batch 1, " in detail, "0 rows" in detail) == ("ok", True, True)
        monkeypatch.delenv("SST_SEAL_ANCHOR")
        assert self.findings(capsys)["SST_SEAL_ANCHOR"][0] == "note"

    def test_nobody_does_any_more(self, sample: Sealed, capsys: Capture) -> None:
        said(capsys, "seal")
        sample.store.append(records(1))
        sample.run("UPDATE seal_batches SET sealed_at = '2020-01-01 00:00:00'")
        state, detail = self.findings(capsys)["last seal"]
        assert (state, "24 rows not sealed yet; is sst-otel seal" in detail) == ("problem", True)


def test_since_is_a_time_as_everywhere(sample: Sealed, capsys: Capture) -> None:
    said(capsys, "seal")
    assert "1 batch, 0 rows" in said(capsys, "verify", "--since", str(NOW + 3600))[1]
    assert said(capsys, "verify", "--since", "2001-01-01")[0] == 0
    assert said(capsys, "verify", "--since", "soon")[0] == 2


def test_pruned_and_erased_are_said(sample: Sealed, capsys: Capture) -> None:
    sample.store.append(records(3, NOW - 40 * 86_400))
    said(capsys, "seal")
    main(["prune", "--older-than", "30"])
    capsys.readouterr()
    code, out, _ = said(capsys, "verify")
    assert code == 0
    assert "\npruned " in out


def test_a_proof_needs_no_store(
    sample: Sealed, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_id = str(sample.ask("SELECT min(event_id) FROM audit_logs")[0])
    assert said(capsys, "prove", event_id)[0] == 1
    said(capsys, "seal")
    code = main(["prove", event_id])
    proof = tmp_path / "proof.json"
    proof.write_text(capsys.readouterr().out)
    assert code == 0
    monkeypatch.setenv("SST_DATABASE_URL", "sqlite:////nowhere/audit.db")
    monkeypatch.delenv("SST_SEAL_KEY_FILE")
    public = ("--public-key", tmp_path / "seal.key.pub")
    code, out, _ = said(capsys, "verify", "--proof", proof, *public, "--anchor", sample.anchor)
    assert code == 0
    assert event_id in out
    assert said(capsys, "verify", "--proof", proof)[0] == 2
    proof.write_text(proof.read_text().replace("OpenAI/Groq", "OpenAI/Other"))
    code, _, err = said(capsys, "verify", "--proof", proof, *public)
    assert code == 1
    assert "the proof does not hold: the event is not the one in the leaf" in err
    proof.write_text("{")
    assert said(capsys, "verify", "--proof", proof, *public)[0] == 2
    proof.write_text("[]")
    assert said(capsys, "verify", "--proof", proof, *public)[0] == 1


@pytest.mark.parametrize("command", ["seal", "verify", "prove"])
def test_a_store_that_cannot_be_read(sample: Sealed, capsys: Capture, command: str) -> None:
    said(capsys, "seal")
    arguments = [command, *["x"] * (command == "prove")]
    file = Path(sample.url.removeprefix("sqlite:///"))
    sample.close()
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.write_bytes(b"no database" * 100)
    assert said(capsys, *arguments)[0] == 3
    file.unlink()
    assert said(capsys, *arguments)[0] == 3
    assert not file.exists()


def test_without_a_key(sample: Sealed, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = said(capsys, "verify")
    assert (code, "public key cannot be read" in err) == (2, True)
    monkeypatch.delenv("SST_SEAL_KEY_FILE")
    assert said(capsys, "seal")[0] == 2
    code, _, err = said(capsys, "verify")
    assert (code, "--public-key FILE" in err) == (2, True)


def test_an_anchor_that_cannot_be_used(sample: Sealed, capsys: Capture) -> None:
    said(capsys, "seal")
    code, _, err = said(capsys, "verify", "--anchor", sample.folder / "none")
    assert (code, "the anchor cannot be used" in err) == (2, True)
    sample.anchor.unlink()
    sample.anchor.mkdir()
    code, _, err = said(capsys, "seal")
    assert (code, "sealed, but the anchor cannot be written" in err) == (3, True)
    assert said(capsys, "verify")[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_at_intervals(sample: Sealed, number: signal.Signals) -> None:
    with subprocess.Popen(
        [SCRIPT, "seal", "--every", "0.1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    ) as process:
        try:
            assert process.stdout is not None
            for seq, rows in ((1, 24), (2, 0)):  # an empty interval is sealed too
                assert process.stdout.readline().startswith(f"batch {seq}, {rows} rows, ")
                process.stdout.readline()
            sample.store.append(records(1))
            process.send_signal(number)
            _, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")
    report = sample.good()
    assert report.unsealed == 0


def test_an_ingest_seals_what_it_takes(tmp_path: Path) -> None:
    sample = Sealed(f"sqlite:///{tmp_path}/central.db", tmp_path)
    given = {"SST_SEAL_KEY_FILE": str(sample.key), "SST_SEAL_ANCHOR": str(sample.anchor)}
    with ingesting(sample.url, SST_SEAL_EVERY="3600", **given) as (endpoint, process):
        shared(settings_in(tmp_path, audit_endpoint=endpoint), 20)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")
    report = sample.good()
    sample.close()
    assert report.rows > 40
    assert (report.batches, report.unsealed, report.anchored) == (1, 0, 1)


def test_an_ingest_without_a_key_seals_nothing(tmp_path: Path) -> None:
    with ingesting(f"sqlite:///{tmp_path}/central.db") as (endpoint, process):
        shared(settings_in(tmp_path, audit_endpoint=endpoint), 1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    sample = Sealed(f"sqlite:///{tmp_path}/central.db", tmp_path)
    [batches] = sample.ask("SELECT count(*) FROM seal_batches")
    [blocks] = sample.ask("SELECT count(*) FROM seal_blocks")
    sample.close()
    assert batches == 0
    assert blocks
