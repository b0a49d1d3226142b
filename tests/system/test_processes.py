"""Children of a program by ``multiprocessing``: each person's letter is theirs, however started."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.sources.processes import environment, events, instrumented
from tests.support import Vendor
from tests.system.launch import APPS
from tests.system.test_workers import MEMBERS, club

pytestmark = pytest.mark.stack
WAYS = {
    "fork": ("process", "list", "queue", "map", "starmap", "imap", "partial", "submit", "chunks"),
    "spawn": ("list", "queue", "map", "chunks"),
    "forkserver": ("process", "queue", "starmap", "submit"),
}


@pytest.mark.parametrize("method", WAYS)
def test_each_letter_is_its_members(method: str, vendor: Vendor, tmp_path: Path) -> None:
    environ = environment(tmp_path, CLUB_DB=club(tmp_path), VENDOR=vendor.url)
    done = subprocess.run(
        instrumented("python", str(APPS / "couriers.py"), method, *WAYS[method]),
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(vendor.received) == len(MEMBERS) * len(WAYS[method])
    told = Counter(
        (event["destination"], event["owner_id"], tuple(event["data_types"]), event["outcome"])
        for event in events(environ)
    )
    assert told == {
        ("POST 127.0.0.1/v1/messages", str(number), ("email", "city"), "sent"): len(WAYS[method])
        for number, _, _ in MEMBERS
    }
