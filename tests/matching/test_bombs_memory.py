"""What a bomb costs at most, measured of a process of its own: codecs keep memory of theirs."""

from __future__ import annotations

import base64
import gzip
import importlib
import io
import json
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import zstandard

brotli: Any = importlib.import_module("brotli")  # has no types

_LOOK = """
import brotli, gzip, pathlib, resource, sys, zstandard
from sst_otel.datatypes import FieldClassifier, load_taxonomy
from sst_otel.matching.matcher import Matcher
from sst_otel.registry.registry import Registry
from sst_otel.scope import PROCESS
from sst_otel.shares import Part
from sst_otel.tags import Minter

registry = Registry(1000, 3600, lambda: 0.0)
registry.add(Minter(b"k" * 32).owner("1"), "email", "ann.smith@example.com", "test")
matcher = Matcher(registry, FieldClassifier(load_taxonomy()).names_type)
matcher.match([Part("body", gzip.compress(b"small"))], PROCESS)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    headers = Part("headers", [("Content-Encoding", path.name)])
    assert matcher.match([headers, Part("body", path.read_bytes())], PROCESS).unread, path
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
_MOST = 80
"""Megabytes: the budget of 8, as bytes, as text and as what is made of that."""


def archive(content: bytes, times: int) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(times):
            file.writestr(f"{number}.zip", content)
    return kept.getvalue()


def test_all_kinds_of_bombs(tmp_path: Path) -> None:
    large = bytes(20_000_000)
    gigabyte = gzip.compress(large) * 50
    bombs = {
        "gzip": gigabyte,
        "x-nested": gzip.compress(gzip.compress(gigabyte)),
        "deflate": zlib.compress(large),
        "br": brotli.compress(large, quality=1),
        "zstd": zstandard.compress(large),
        "x-archive": archive(large, 3),
        "x-archives": archive(archive(archive(large, 1), 10), 10),
        "x-base64": json.dumps([base64.b64encode(gzip.compress(large)).decode()] * 20).encode(),
    }
    assert len(bombs["x-nested"]) < 10_000
    for name, body in bombs.items():
        (tmp_path / name).write_bytes(body)
    command = [sys.executable, "-c", _LOOK, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < _MOST
