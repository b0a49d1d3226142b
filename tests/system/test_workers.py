"""Programs without any request: a scheduler's loop, processes fed by queues, pools of processes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.sources.processes import environment, events, instrumented
from tests.support import Vendor
from tests.system.launch import APPS

MEMBERS = [
    (31, "ada.vossberg@mail.example", "Zwickau"),
    (32, "bo.lindqvist@mail.example", "Zwickau"),
    (33, "cai.okafor@mail.example", "Reading"),
]
TIMES = {"loop": 2, "fork": 1, "spawn": 1, "pool": 1, "executor": 1}


def club(folder: Path) -> str:
    """Make the club's database with its members in it; where it is."""
    file = folder / "club.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE members (id INTEGER PRIMARY KEY, email TEXT, city TEXT)")
        connection.executemany("INSERT INTO members VALUES (?, ?, ?)", MEMBERS)
    return str(file)


@pytest.mark.parametrize("way", TIMES)
def test_work_without_a_request(way: str, vendor: Vendor, tmp_path: Path) -> None:
    environ = environment(tmp_path, CLUB_DB=club(tmp_path), VENDOR=vendor.url)
    done = subprocess.run(
        instrumented("python", str(APPS / "errands.py"), way),
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    told = Counter(
        (event["destination"], event["owner_id"], tuple(event["data_types"]), event["outcome"])
        for event in events(environ)
    )
    truth = {
        ("POST 127.0.0.1/v1/messages", str(number), ("email", "city"), "sent"): TIMES[way]
        for number, _, _ in MEMBERS
    }
    assert told == truth
    sent = Counter(body for _, _, body in vendor.received)
    assert sent == {
        json.dumps({"to": email, "town": city}).encode(): TIMES[way] for _, email, city in MEMBERS
    }
