from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sst_otel.status import FOREIGN_SECONDS, StatusFile, read_all


def test_a_living_process_is_read_with_its_record(tmp_path: Path) -> None:
    StatusFile(tmp_path / "new").write({"started": 1.0, "hooks": ["requests:Session.send"]})

    (record,) = read_all(tmp_path / "new")
    assert record["pid"] == os.getpid()
    assert record["hooks"] == ["requests:Session.send"]
    (path,) = (tmp_path / "new").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_later_record_replaces_the_earlier_one(tmp_path: Path) -> None:
    status = StatusFile(tmp_path)
    status.write({"values": 1})
    status.write({"values": 2})

    assert [record["values"] for record in read_all(tmp_path)] == [2]


def test_a_process_that_stops_tracking_leaves_nothing(tmp_path: Path) -> None:
    status = StatusFile(tmp_path)
    status.write({})
    status.remove()
    status.remove()

    assert list(tmp_path.iterdir()) == []


def test_the_record_of_a_dead_process_is_removed(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sst_otel.status import StatusFile;"
        "StatusFile(Path(sys.argv[1])).write({})"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert len(list(tmp_path.iterdir())) == 1

    assert read_all(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_reused_pid_is_not_taken_for_the_process(tmp_path: Path) -> None:
    StatusFile(tmp_path).write({})
    (path,) = tmp_path.iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), "birth": "1"}))

    assert read_all(tmp_path) == []


def test_another_machines_record_counts_while_it_is_fresh(tmp_path: Path) -> None:
    StatusFile(tmp_path).write({})
    (path,) = tmp_path.iterdir()
    foreign = {**json.loads(path.read_text()), "host": "x" + socket.gethostname(), "pid": 1}
    for age, live in ((1.0, 1), (FOREIGN_SECONDS + 1, 0)):
        path.write_text(json.dumps({**foreign, "written": time.time() - age}))
        assert len(read_all(tmp_path)) == live
    assert path.exists()


def test_what_is_no_record_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "status-x-1.json").write_text("{")
    (tmp_path / "status-x-2.json").write_text('{"pid": 2}')

    assert read_all(tmp_path) == []


def test_threads_that_write_at_once(tmp_path: Path) -> None:
    file = StatusFile(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(file.write, {"number": number}) for number in range(400)]:
            done.result()
    [record] = read_all(tmp_path)
    assert record["number"] in range(400)
    assert len(list(tmp_path.iterdir())) == 1
