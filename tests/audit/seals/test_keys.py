"""The key that seals: made once, private, known by its public line; anchors that are read again."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sst_otel.audit.seals.checkpoint import append, checkpoints
from sst_otel.audit.seals.headers import Header
from sst_otel.audit.seals.signing import load_signer, load_verifier, public_file
from tests.audit.seals.sample import Sealed, records


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestKey:
    def test_it_is_made_once_by_whoever_comes_first(self, tmp_path: Path) -> None:
        path = tmp_path / "keys" / "seal.key"
        with ThreadPoolExecutor(8) as pool:
            signers = [*pool.map(lambda _: load_signer(path), range(16))]
        assert len({signer.key_id for signer in signers}) == 1
        assert (mode(path), mode(public_file(path))) == (0o600, 0o644)
        verifier = load_verifier(public_file(path))
        signature = signers[0].sign(b"text")
        assert verifier.verify(signers[-1].key_id, signature, b"text")
        assert not verifier.verify(signers[0].key_id, signature, b"other")
        assert not verifier.verify("00000000", signature, b"text")

    def test_it_is_not_shown(self, tmp_path: Path) -> None:
        signer = load_signer(tmp_path / "seal.key")
        assert "PrivateKey" not in repr(signer)

    def test_a_key_that_others_can_read(self, tmp_path: Path) -> None:
        path = tmp_path / "seal.key"
        load_signer(path)
        path.chmod(0o640)
        with pytest.raises(ValueError, match="others can read"):
            load_signer(path)

    def test_a_key_of_another_kind(self, tmp_path: Path) -> None:
        path = tmp_path / "seal.key"
        path.touch(0o600)
        with pytest.raises(ValueError, match="not a private key"):
            load_signer(path)
        path.write_bytes(
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        with pytest.raises(ValueError, match="not an Ed25519 key"):
            load_signer(path)

    @pytest.mark.parametrize("text", ["", "# nothing\n", "sst-otel+00000000+AAAA\n", "what\n"])
    def test_public_keys_that_are_none(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "seal.key.pub"
        path.write_text(text)
        with pytest.raises(ValueError, match="public key"):
            load_verifier(path)


class TestAnchor:
    @pytest.fixture
    def sample(self, tmp_path: Path) -> Iterator[Sealed]:
        sample = Sealed(f"sqlite:///{tmp_path}/audit.db", tmp_path)
        yield sample
        sample.close()

    def test_checkpoints_come_back(self, sample: Sealed) -> None:
        made = [header for number in range(3) for header in self._round(sample, number)]
        found = [*checkpoints(sample.anchor)]
        verifier = load_verifier(public_file(sample.key))
        assert [(one.seq, one.hash) for one in found] == [(one.seq, one.hash) for one in made]
        assert all(one.holds(verifier) for one in found)

    def test_one_that_was_cut_off_is_left_out(self, sample: Sealed) -> None:
        [first] = self._round(sample, 0)
        text = sample.anchor.read_bytes()
        for length in range(2, len(text) - 1):
            sample.anchor.write_bytes(text[:length])
            assert [*checkpoints(sample.anchor)] == []
            append(sample.anchor, first)
            assert [one.seq for one in checkpoints(sample.anchor)] == [1]

    def test_one_that_was_changed_is_told(self, sample: Sealed) -> None:
        self._round(sample, 0)
        text = sample.anchor.read_text()
        sample.anchor.write_text(text.replace("\n1\n", "\n7\n"))
        [problem] = sample.verify(anchored=True).problems
        assert "none of these keys signed" in problem.detail

    def test_what_is_no_checkpoint(self, sample: Sealed) -> None:
        self._round(sample, 0)
        text = sample.anchor.read_text()
        sample.anchor.write_text(text.replace("\n1\n", "\none\n"))
        with pytest.raises(ValueError, match="not an anchor"):
            sample.verify(anchored=True)

    @staticmethod
    def _round(sample: Sealed, number: int) -> list[Header]:
        sample.store.append(records(number))
        return [*sample.seal()]
