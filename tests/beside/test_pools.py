"""joblib's and loky's processes, however they are started: each person's letter is theirs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.sources.processes import environment, events, ran
from tests.support import Vendor
from tests.system.launch import APPS, OTEL
from tests.system.test_workers import MEMBERS, club

pytestmark = pytest.mark.stack  # needs the environment
WAYS = ("loky", "joblib loky", "joblib multiprocessing")
LETTERS = 4
"""Of each member: loky's executor is given them one by one and in pieces."""


def test_each_letter_is_its_members(binaries: Path, vendor: Vendor, tmp_path: Path) -> None:
    environ = environment(tmp_path, CLUB_DB=club(tmp_path), VENDOR=vendor.url)
    environ["PYTHONPATH"] = str(APPS)
    done = ran(
        [str(binaries / OTEL), str(binaries / "python"), str(APPS / "couriers.py"), "fork", *WAYS],
        environ,
        tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    told = Counter(
        (event["destination"], event["owner_id"], tuple(event["data_types"]), event["outcome"])
        for event in events(environ)
    )
    assert told == {
        ("POST 127.0.0.1/v1/messages", str(number), ("email", "city"), "sent"): LETTERS
        for number, _, _ in MEMBERS
    }
