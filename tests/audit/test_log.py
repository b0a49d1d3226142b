"""The facade: tags with the next share, the database may be down, retention, forks, no values."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from sst_otel import guard
from sst_otel.audit.log import AuditLog, open_reader
from sst_otel.audit.queries import Reader
from sst_otel.settings import Settings
from tests.audit.helpers import KEYS, MINTER, NOW, run, sealed, settings_in, share, tag


def rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    path = settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


class TestTags:
    def test_are_written_once_with_the_next_share(self, settings: Settings, log: AuditLog) -> None:
        owner = MINTER.owner("42")
        for _ in range(3):
            log.tag(tag(owner), sealed(owner), NOW)
        log.share(share("42"))
        journal = next(settings.spool_dir.glob("*.journal")).read_bytes()
        assert journal.count(b'"k":"tag"') == 1

    def test_come_without_any_share_too(self, log: AuditLog, reader: Reader) -> None:
        owner = MINTER.owner("42")
        log.tag(tag(owner), sealed(owner), NOW)
        log.flush()
        [datum] = reader.provenance(viewer="42")[0]
        assert datum["sources"] == ["form_field:email"]
        assert (datum["first_seen"], datum["last_seen"]) == (NOW, NOW)

    def test_of_two_sources_are_one_datum(self, log: AuditLog, reader: Reader) -> None:
        owner = MINTER.owner("42")
        one = tag(owner)
        other = type(one)(one.tag_id, one.owner_ref, one.data_type, "db:users.email")
        log.tag(one, sealed(owner), NOW + 5)
        log.tag(other, sealed(owner), NOW)
        log.flush()
        [datum] = reader.provenance(viewer=None)[0]
        assert datum["sources"] == ["db:users.email", "form_field:email"]
        assert datum["first_seen"] == NOW


class TestOutages:
    def test_a_database_that_is_down_loses_nothing(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings = settings_in(tmp_path)
        blocked = tmp_path / "audit.db"
        blocked.mkdir()  # no file can be made there
        log = AuditLog(settings, KEYS)
        event = share("42")
        assert log.share(event)
        log.close()
        assert "kept in" in caplog.text
        assert caplog.text.count("cannot be written") == 1
        assert guard.error_counts()["audit.drain"] >= 1
        blocked.rmdir()
        reader = open_reader(settings, KEYS)
        assert [row["event_id"] for row in reader.audit_logs(viewer=None)[0]] == [event.event_id]
        reader.close()

    def test_a_read_only_database_can_be_read(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings = settings_in(tmp_path)
        log = AuditLog(settings, KEYS)
        old = share("42")
        log.share(old)
        log.close()
        read_only = Settings(
            database_url=f"sqlite:///file:{tmp_path}/audit.db?mode=ro&uri=true",
            spool_dir=settings.spool_dir,
        )
        log = AuditLog(read_only, KEYS)
        new = share("42")
        assert log.share(new)
        reader = open_reader(read_only, KEYS)
        assert [row["event_id"] for row in reader.audit_logs(viewer=None)[0]] == [old.event_id]
        assert "the latest events could not be read" in caplog.text
        reader.close()
        log.close()
        reader = open_reader(settings, KEYS)
        found = [row["event_id"] for row in reader.audit_logs(viewer=None)[0]]
        assert sorted(found) == sorted([old.event_id, new.event_id])
        reader.close()

    def test_what_a_full_disk_refused_comes_later(self, tmp_path: Path) -> None:
        settings = settings_in(tmp_path)
        settings.spool_dir.write_text("in the way")
        log = AuditLog(settings, KEYS)
        event = share("42")
        assert not log.share(event)
        settings.spool_dir.unlink()
        assert log.share(share("42"))
        log.close()
        reader = open_reader(settings, KEYS)
        assert len(reader.audit_logs(viewer=None)[0]) == 2
        reader.close()

    def test_a_database_removed_under_us_is_made_again(self, tmp_path: Path) -> None:
        settings = settings_in(tmp_path)
        reader = open_reader(settings, KEYS)
        assert reader.audit_logs(viewer=None) == ([], None)
        for file in tmp_path.glob("audit.db*"):
            file.unlink()
        log = AuditLog(settings, KEYS)
        log.share(share("42"))
        log.flush()
        reader.audit_logs(viewer=None)
        assert len(reader.audit_logs(viewer=None)[0]) == 1
        log.close()
        reader.close()

    def test_a_url_that_cannot_be_used_says_so(self, tmp_path: Path) -> None:
        for url in ("nosuch://host/db", "mysql+nosuch://u:secret@h/db"):
            with pytest.raises(ValueError, match="SST_DATABASE_URL cannot be used") as error:
                open_reader(Settings(database_url=url, spool_dir=tmp_path), KEYS)
            assert "secret" not in str(error.value)


class TestProcess:
    def test_a_short_script_leaves_its_rows_in_the_database(self, tmp_path: Path) -> None:
        out, err, status = run(
            """
import sys
from pathlib import Path
from typing import Any
from helpers import KEYS, settings_in, share
from sst_otel.audit.outbox import drainer
from sst_otel.audit.log import AuditLog
drainer._EXIT_WAIT = 60  # however busy the machine is
AuditLog(settings_in(Path(sys.argv[1])), KEYS).share(share("42"))
""",
            tmp_path,
        )
        assert (out, err, status) == ("", "", 0)
        assert rows(settings_in(tmp_path), "SELECT count(*) FROM audit_logs") == [(1,)]

    def test_forked_workers_each_report_their_own(self, tmp_path: Path) -> None:
        out, err, status = run(
            """
import os, sys, warnings
from pathlib import Path
from typing import Any
from helpers import KEYS, MINTER, NOW, sealed, settings_in, share, tag
from sst_otel.audit.log import AuditLog
warnings.simplefilter("ignore", DeprecationWarning)  # of fork() beside a thread, since 3.12
log = AuditLog(settings_in(Path(sys.argv[1])), KEYS)
owner = MINTER.owner("1")
log.share(share("1"))
log.tag(tag(owner, "phone"), sealed(owner), NOW)  # still buffered when the workers start
children = []
for number in range(4):
    child = os.fork()
    if child == 0:
        for _ in range(20):
            log.share(share(str(number)))
        log.close()
        os._exit(0)
    children.append(child)
print(*(os.waitpid(child, 0)[1] for child in children))
log.close()
""",
            tmp_path,
        )
        assert (out, err, status) == ("0 0 0 0\n", "", 0)
        reader = open_reader(settings_in(tmp_path), KEYS)
        assert len(reader.audit_logs(viewer=None, limit=1000)[0]) == 81
        assert len(reader.audit_logs(viewer="1", limit=1000)[0]) == 21
        reader.close()

    def test_what_the_database_holds_is_private(self, tmp_path: Path, log: AuditLog) -> None:
        log.share(share("42"))
        log.close()
        assert (tmp_path / "audit.db").stat().st_mode & 0o077 == 0

    def test_the_applications_listeners_do_not_see_our_statements(self, tmp_path: Path) -> None:
        out, err, status = run(
            """
import sys
from pathlib import Path
from typing import Any
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine
from helpers import KEYS, settings_in, share
from sst_otel.audit.log import AuditLog, open_reader
seen = []
for name in ("before_cursor_execute", "after_cursor_execute", "begin", "commit", "rollback"):
    event.listen(Engine, name, lambda *arguments: seen.append(1))
settings = settings_in(Path(sys.argv[1]))
log, reader = AuditLog(settings, KEYS), open_reader(settings, KEYS)
log.share(share("42"))
assert reader.audit_logs(viewer=None)[0]
assert reader.summary(None)["recipients"]
log.close()
assert not seen
with create_engine("sqlite://").connect() as connection:
    connection.execute(text("SELECT 1"))
assert seen
""",
            tmp_path,
        )
        assert (out, err, status) == ("", "", 0)


def test_metadata_of_any_kind_is_kept_or_cut_but_never_in_the_way(
    log: AuditLog, reader: Reader
) -> None:
    class Person:
        def __str__(self) -> str:
            return "jane@example.org"

    endless: list[object] = []
    endless.append(endless)
    trees: list[dict[Any, object]] = [
        {"n": float("nan")},
        {"loop": endless},
        {"person": Person(), "bytes": b"jane@example.org", 1: "one"},
        {"nul": "a\0b", "half": "\ud800", "ok": "ü"},
    ]
    for tree in trees:
        assert log.share(share("42", metadata=tree))
    found = reader.audit_logs(viewer=None)[0]
    assert len(found) == len(trees)
    text = str([row["metadata"] for row in found])
    assert "jane" not in text
    assert "<Person>" in text
    assert "'ok': 'ü'" in text


def test_no_owner_id_is_in_any_file(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    log = AuditLog(settings, KEYS)
    visitor, person = MINTER.visitor(), MINTER.owner("jane.doe@example.org")
    log.tag(tag(person), sealed(person), NOW)
    log.share(share(visitor))
    log.share(share(person))
    log.alias(visitor.ref, person, NOW)
    log.flush()
    reader = open_reader(settings, KEYS)
    assert {row["owner_id"] for row in reader.audit_logs(viewer=None)[0]} == {person.id}
    for folder, _, names in os.walk(tmp_path):
        for name in names:
            assert b"jane" not in Path(folder, name).read_bytes()
    log.close()
    reader.close()
