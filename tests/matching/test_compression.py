"""Compressed bodies that are too large, damaged, or not what they say; codecs that are absent."""

from __future__ import annotations

import base64
import gzip
import importlib
import json
import sys
import types
import zlib
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sst_otel.matching.compression import MAX_INFLATED, Budget, decoded, inflate
from sst_otel.shares import Part

from .conftest import World

brotli: Any = importlib.import_module("brotli")  # has no types
MAIL = "ann.smith@example.com"
JSON = json.dumps({"mail": MAIL}).encode()
ZEROS = bytes(MAX_INFLATED + 100_000)


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Return a megabyte that grows to a gigabyte."""
    return gzip.compress(bytes(10_000_000)) * 100


class TestBombs:
    """A body grows to the budget and no further; that there was more is said."""

    def test_gzip(self, world: World, bomb: bytes) -> None:
        budget = Budget()
        assert len(inflate(bomb, budget)) == MAX_INFLATED
        assert (budget.left, budget.cut) == (0, 1)
        assert world.match(Part("body", bomb)).unread >= 1

    @pytest.mark.parametrize(
        ("coding", "body"),
        [
            ("gzip", gzip.compress(ZEROS)),
            ("deflate", zlib.compress(ZEROS)),
            ("zstd", zstandard.compress(ZEROS)),
            ("br", brotli.compress(ZEROS, quality=3)),
        ],
    )
    def test_each_codec(self, coding: str, body: bytes) -> None:
        budget = Budget()
        assert len(decoded(body, coding, budget)) == MAX_INFLATED
        assert budget.cut == 1

    def test_a_value_before_the_budgets_end_is_found(self, world: World) -> None:
        match = world.match(Part("body", gzip.compress(f"mail {MAIL} ".encode() + ZEROS)))
        assert len(match.owners) == 1
        assert match.unread >= 1

    def test_many_share_one_budget(self, world: World) -> None:
        head = b'--b1\r\nContent-Disposition: form-data; name="d"\r\n\r\n'
        body = (head + gzip.compress(ZEROS) + b"\r\n") * 20
        assert world.match(Part("body", body)).unread >= 19

    def test_many_in_base64_share_one_budget(self, world: World) -> None:
        codes = [base64.b64encode(gzip.compress(ZEROS)).decode()] * 20
        assert world.match(Part("body", json.dumps(codes))).unread >= 19

    def test_an_old_brotli_is_asked_piece_by_piece(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Decompressor:
            def __init__(self) -> None:
                self._real = brotli.Decompressor()

            def process(self, data: bytes) -> bytes:
                return bytes(self._real.process(data))

        old = types.SimpleNamespace(Decompressor=Decompressor, error=brotli.error)
        monkeypatch.setitem(sys.modules, "brotli", old)
        assert decoded(brotli.compress(JSON), "br") == JSON
        assert len(decoded(brotli.compress(ZEROS, quality=3), "br")) == MAX_INFLATED


class TestDamage:
    """What stands before the damage is read; what is not compressed at all is left as it is."""

    @pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "zlib"])
    def test_a_body_cut_off(self, pack: Any) -> None:
        document = json.dumps([{"n": number, "mail": MAIL} for number in range(5_000)]).encode()
        packed = pack(document)
        assert document.startswith(inflate(packed[: len(packed) // 2]))
        assert len(inflate(packed[: len(packed) // 2])) > 10_000

    @pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br", "x", "", ","])
    @settings(max_examples=40, deadline=None)
    @given(body=st.binary(max_size=60))
    def test_anything_may_be_said_of_anything(self, coding: str, body: bytes) -> None:
        assert isinstance(decoded(body, coding), bytes)

    @settings(max_examples=40, deadline=None)
    @given(st.binary(max_size=200))
    def test_what_is_packed_comes_back(self, body: bytes) -> None:
        assert decoded(gzip.compress(body), "gzip") in (body, inflate(body), gzip.compress(body))


class TestAbsentCodecs:
    """A codec that the application has not loaded is not loaded by us."""

    @pytest.mark.parametrize(
        ("coding", "module", "body"),
        [("zstd", "zstandard", zstandard.compress(JSON)), ("br", "brotli", brotli.compress(JSON))],
    )
    def test_the_body_stays_closed(
        self,
        world: World,
        monkeypatch: pytest.MonkeyPatch,
        coding: str,
        module: str,
        body: bytes,
    ) -> None:
        assert decoded(body, coding) == JSON
        monkeypatch.delitem(sys.modules, module)
        for other in ("compression.zstd", "backports.zstd", "pyzstd", "brotlicffi"):
            monkeypatch.delitem(sys.modules, other, raising=False)
        assert decoded(body, coding) == body
        assert module not in sys.modules
        headers = Part("headers", [("Content-Encoding", coding)])
        assert world.match(headers, Part("body", body)).unread > 0  # it says so

    def test_the_standard_librarys_zstd(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Decompressor:
            """Has the interface of ``compression.zstd`` in Python 3.14."""

            def decompress(self, data: bytes, max_length: int = -1) -> bytes:
                return zstandard.ZstdDecompressor().decompress(data)[:max_length]

        found = types.SimpleNamespace(ZstdDecompressor=Decompressor)
        monkeypatch.delitem(sys.modules, "zstandard")
        monkeypatch.setitem(sys.modules, "compression.zstd", found)
        assert inflate(zstandard.compress(JSON)) == JSON


class TestOnce:
    """A body is decompressed once, though it is looked at as a text and field by field."""

    @pytest.mark.parametrize("more", [b"", ZEROS])
    def test_a_body_of_fields(
        self, world: World, more: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body = gzip.compress(JSON + more)
        opened = []
        original = zlib.decompressobj

        def counting(window: int) -> Any:
            opened.append(window)
            return original(window)

        monkeypatch.setattr(zlib, "decompressobj", counting)
        inflate(body)
        once = opened.copy()
        opened.clear()
        headers = Part("headers", [("Content-Encoding", "gzip"), ("Content-Type", "text/plain")])
        match = world.match(headers, Part("body", body))
        assert opened == once
        assert match.unread == bool(more)
        assert [len(hits) for hits in match.owners.values()] == [1]
