"""``sst-otel verify --every``: again and again, whatever it finds and whatever fails."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from sst_otel.audit.seals.ledger import StoppedError
from sst_otel.audit.seals.signing import load_verifier, public_file
from sst_otel.audit.seals.verifying import verify
from sst_otel.cli import main
from tests.audit.seals.sample import Sealed, records
from tests.cli.test_ingest import SCRIPT

GOOD = "Everything is as it was written.\n"


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sealed]:
    sample = Sealed(f"sqlite:///{tmp_path}/audit.db", tmp_path)
    sample.store.append(records(0))
    yield sample
    sample.close()


@contextmanager
def verifying(sample: Sealed, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [SCRIPT, "verify", "--every", "0.1", "--anchor", str(sample.anchor), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "SST_DATABASE_URL": sample.url,
            "SST_SEAL_KEY_FILE": str(sample.key),
            "PYTHONWARNINGS": "error",
        },
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    assert any(text in line for line in process.stdout), f"{text} was never said"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_goes_on_and_tells_each_verdict(sample: Sealed, number: signal.Signals) -> None:
    sample.seal()
    with verifying(sample) as process:
        wait_for(process, GOOD)
        sample.run("UPDATE audit_logs SET destination = 'x'")
        wait_for(process, "First event: ")
        verdicts = sample.ask("SELECT problems FROM seal_verifications ORDER BY at")
        assert verdicts[0] == 0
        assert verdicts[-1]
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (1, "")


def test_what_fails_is_said_each_time_and_tried_again(sample: Sealed) -> None:
    with verifying(sample) as process:
        assert process.stderr is not None
        for _ in range(2):
            assert "UTC: the public key cannot be read" in process.stderr.readline()
        sample.seal()
        wait_for(process, GOOD)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def steps_of(sample: Sealed, most: int) -> bool:
    """Verify what is good, ``most`` steps of it; return whether that was all of it."""
    asked = count()
    with sample.store.reading() as connection:
        verifier = load_verifier(public_file(sample.key))
        try:
            report = verify(connection, verifier, stopping=lambda: next(asked) >= most)
        except StoppedError:
            return False
    assert report.problems == []
    return True


def test_a_verification_can_be_ended_at_every_step(sample: Sealed) -> None:
    sample.seal()
    assert next(most for most in count() if steps_of(sample, most)) > 10


def test_a_proof_is_checked_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof = str(tmp_path / "proof.json")
    for every in ("60", "0", "soon"):
        assert main(["verify", "--proof", proof, "--every", every]) == 2
    assert "leave out --every" in capsys.readouterr().err
