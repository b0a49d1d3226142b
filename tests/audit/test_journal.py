"""What a process has appended is there, whatever happens to the process."""

from __future__ import annotations

import os
import resource
import signal
import stat
import threading
from pathlib import Path

import pytest

from sst_otel.audit.outbox.drain import drain
from sst_otel.audit.outbox.journal import Journal
from sst_otel.audit.records import share_record
from sst_otel.audit.store import Store
from tests.audit.helpers import run, share, start


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.journal"))


def events(url: str) -> list[str]:
    from sqlalchemy import select

    from sst_otel.audit.models import AuditLog

    store = Store(url)
    store.upgrade()
    with store.reading() as connection:
        found = [row[0] for row in connection.execute(select(AuditLog.__table__.c.event_id))]
    store.close()
    return found


class TestAppend:
    def test_writes_lines_to_a_private_file_of_its_own(self, tmp_path: Path) -> None:
        first, second = Journal(tmp_path / "spool"), Journal(tmp_path / "spool")
        first.append([b"a\n", b"b\n"])
        second.append([b"c\n"])
        first.append([b"d\n"])
        found = files(tmp_path / "spool")
        assert sorted(file.read_bytes() for file in found) == [b"a\nb\nd\n", b"c\n"]
        assert {stat.S_IMODE(file.stat().st_mode) for file in found} == {0o600}
        assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
        first.close()
        second.close()

    def test_from_many_threads_loses_and_mixes_nothing(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path, rotate_bytes=4096)
        line = b"x" * 99

        def work(number: int) -> None:
            for turn in range(200):
                journal.append([b"%d:%d:%s\n" % (number, turn, line)])

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        journal.close()
        lines = [ln for file in files(tmp_path) for ln in file.read_bytes().splitlines()]
        assert sorted(lines) == sorted(
            b"%d:%d:%s" % (number, turn, line) for number in range(8) for turn in range(200)
        )
        assert len(files(tmp_path)) > 10  # it rotated

    def test_begins_a_new_file_when_its_own_was_removed(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path)
        journal.append([b"a\n"])
        files(tmp_path)[0].unlink()
        journal.append([b"b\n"])
        assert [file.read_bytes() for file in files(tmp_path)] == [b"b\n"]
        journal.close()

    def test_never_writes_to_a_descriptor_that_became_somebody_elses(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path / "spool")
        journal.append([b"a\n"])
        assert journal._fd is not None
        number = journal._fd
        os.close(number)  # as a program does that becomes a daemon
        theirs = os.open(tmp_path / "theirs", os.O_CREAT | os.O_RDWR)
        assert theirs == number
        journal.append([b"b\n"])
        journal.close()
        os.close(theirs)
        assert (tmp_path / "theirs").read_bytes() == b""
        assert [file.read_bytes() for file in files(tmp_path / "spool")] == [b"a\n", b"b\n"]

    def test_a_descriptor_closed_under_us_is_no_error(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path)
        journal.append([b"a\n"])
        assert journal._fd is not None
        os.close(journal._fd)
        journal.append([b"b\n"])
        assert len(files(tmp_path)) == 2
        journal.close()

    def test_a_directory_that_cannot_be_written_is_an_oserror(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(OSError):  # noqa: PT011  # which one is the system's choice
            Journal(tmp_path / "file" / "spool").append([b"a\n"])

    def test_a_forked_child_writes_a_file_of_its_own(self, tmp_path: Path) -> None:
        out, err, status = run(
            """
import os, sys
from pathlib import Path
from sst_otel.audit.outbox.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.append([b"parent\\n"])
child = os.fork()
journal.append([b"child\\n" if child == 0 else b"parent\\n"])
if child == 0:
    os._exit(0)
print(os.waitpid(child, 0)[1])
""",
            tmp_path,
        )
        assert (out, err, status) == ("0\n", "", 0)
        assert sorted(file.read_bytes() for file in files(tmp_path)) == [
            b"child\n",
            b"parent\nparent\n",
        ]


class TestSurvival:
    def test_of_sigkill_right_after_append(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/audit.db"
        out, _, status = run(
            """
import os, signal, sys
from pathlib import Path
from helpers import KEYS, settings_in, share
from sst_otel.audit.log import AuditLog
log = AuditLog(settings_in(Path(sys.argv[1])), KEYS)
events = [share("42", at=1.0 + n) for n in range(50)]
for event in events:
    assert log.share(event)
print(*(event.event_id for event in events), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
""",
            tmp_path,
        )
        assert status == -signal.SIGKILL
        done = drain(Store(url), tmp_path / "spool")
        assert done is not None
        assert sorted(events(url)) == sorted(out.split())
        assert files(tmp_path / "spool") == []  # its writer is gone

    def test_of_a_file_that_reached_its_size_limit(self, tmp_path: Path) -> None:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

        out, err, status = run(
            """
import sys
from pathlib import Path
from helpers import share
from sst_otel.audit.outbox.journal import Journal
from sst_otel.audit.records import share_record
journal = Journal(Path(sys.argv[1]))
for n in range(30):
    event = share("42")
    journal.append([share_record(event)])
    print(event.event_id)
""",
            tmp_path / "spool",
            preexec=limit,
        )
        assert (err, status) == ("", 0)
        assert len(files(tmp_path / "spool")) > 5
        url = f"sqlite:///{tmp_path}/audit.db"
        drain(Store(url), tmp_path / "spool")
        assert sorted(events(url)) == sorted(out.split())

    def test_of_a_disk_that_takes_nothing(self, tmp_path: Path) -> None:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

        out, err, status = run(
            """
import logging, sys
from pathlib import Path
from helpers import KEYS, settings_in, share
from sst_otel.audit.log import AuditLog
logging.basicConfig(format="%(message)s")
log = AuditLog(settings_in(Path(sys.argv[1])), KEYS)
kept = [share("42"), share("43")]
for event in kept:
    print(log.share(event))
print(log.share(share("44")))
""",
            tmp_path,
            preexec=limit,
        )
        assert (out.split(), status) == (["False"] * 3, 0)
        assert err.count("cannot write audit events") == 1
        assert "File too large" in err

    def test_of_half_a_line_and_of_rubbish(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/audit.db"
        good = [share("42"), share("43")]
        journal = Journal(tmp_path / "spool")
        journal.append([share_record(good[0]), b"\xff\xfe rubbish\n", b"{}\n", b"[1]\n", b"\n"])
        journal.append([b'{"k":"share","event_id":"x"}\n', share_record(good[1])])
        journal.append([share_record(share("44"))[:-20]])
        store = Store(url)
        alive = drain(store, tmp_path / "spool")
        assert alive is not None
        assert (alive.records, alive.corrupt, alive.removed) == (2, 5, 0)
        again = drain(store, tmp_path / "spool")
        assert again is not None
        assert (again.records, again.corrupt) == (0, 0)
        journal.close()
        dead = drain(store, tmp_path / "spool")
        assert dead is not None
        assert (dead.records, dead.corrupt, dead.removed) == (0, 1, 1)
        assert sorted(events(url)) == sorted(event.event_id for event in good)


class TestManyProcesses:
    def test_writers_and_drainers_at_once_lose_and_double_nothing(self, tmp_path: Path) -> None:
        script = """
import sys
from pathlib import Path
from helpers import KEYS, NOW, settings_in, share
from sst_otel.audit.log import AuditLog, open_reader
settings = settings_in(Path(sys.argv[1]))
log = AuditLog(settings, KEYS)
reader = open_reader(settings, KEYS)
for n in range(150):
    event = share("42", at=NOW + n)
    log.share(event)
    log.outcome(event.event_id, "sent", NOW + n)
    print(event.event_id)
    if n % 50 == 0:
        assert reader.audit_logs(viewer=None, event_id=event.event_id)[0]
log.close()
"""
        processes = [start(script, tmp_path) for _ in range(3)]
        expected: list[str] = []
        for process in processes:
            with process:
                out, err = process.communicate(timeout=90)
            assert (err, process.returncode) == ("", 0)
            expected += out.split()
        url = f"sqlite:///{tmp_path}/audit.db"
        drain(Store(url), tmp_path / "spool", wait=10)
        assert sorted(events(url)) == sorted(expected)
        assert files(tmp_path / "spool") == []

    def test_a_busy_directory_is_left_to_the_other_drainer(self, tmp_path: Path) -> None:
        import fcntl

        (tmp_path / "spool").mkdir()
        store = Store(f"sqlite:///{tmp_path}/audit.db")
        fd = os.open(tmp_path / "spool" / "drain.lock", os.O_CREAT | os.O_RDWR)
        fcntl.flock(fd, fcntl.LOCK_EX)
        assert drain(store, tmp_path / "spool") is None
        os.close(fd)
        assert drain(store, tmp_path / "spool") is not None

    def test_a_child_forked_while_it_drains_keeps_no_lock(self, tmp_path: Path) -> None:
        out, err, status = run(
            """
import os, sys
from pathlib import Path
from helpers import share
from sst_otel.audit.outbox.drain import drain
from sst_otel.audit.outbox.journal import Journal
from sst_otel.audit.records import share_record

class Forking:
    def positions(self): return {}
    def append(self, records, journal, position):
        self.reading, self.writing = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            os.close(self.writing)
            os.read(self.reading, 1)  # until the parent has drained once more
            os._exit(0)
        return []
    def forget_journal(self, name): pass
    def close(self): pass

spool = Path(sys.argv[1])
journal = Journal(spool)
journal.append([share_record(share("42"))])
journal.close()
target = Forking()
assert drain(target, spool).removed == 1
print(drain(target, spool))
os.close(target.writing)
print(os.waitpid(target.child, 0)[1])
""",
            tmp_path,
        )
        assert (err, status) == ("", 0)
        assert out == "Drained(records=0, corrupt=0, refused=Counter(), removed=0)\n0\n"
