"""What ``sst-otel doctor`` says of how the store is kept, on either database."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sst_otel.audit.decoding import decode
from sst_otel.audit.partitions import following, month_of
from sst_otel.audit.records import alias_record, share_record
from sst_otel.cli import main
from sst_otel.shares import new_event_id
from tests.audit.by_hand import by_hand
from tests.audit.helpers import MINTER, NOW, sealed, share
from tests.audit.seals.sample import Sealed, records
from tests.cli.diagnosis import Capture, lines
from tests.postgres import USER, Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

DAY = 86_400.0


@pytest.fixture
def sample(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sealed]:
    sample = Sealed(url, tmp_path)
    sample.store.append(records(0))
    monkeypatch.setenv("SST_DATABASE_URL", url)
    monkeypatch.setenv("SST_SEAL_KEY_FILE", str(sample.key))
    yield sample
    sample.close()


def said(capsys: Capture) -> dict[str, tuple[str, str]]:
    main(["doctor", "--format", "json"])
    return {
        row["subject"]: (row["state"], row["detail"])
        for row in json.loads(capsys.readouterr().out)["findings"]
        if row["area"] in ("seals", "keeping")
    }


class TestSqlite:
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/audit.db"

    def test_a_store_that_is_kept_well(self, sample: Sealed, capsys: Capture) -> None:
        sample.seal()
        sample.store.note_verification(time.time(), 0, None)
        found = said(capsys)
        assert found["last seal"][0] == found["retention"][0] == "ok"
        assert found["last verification"] == ("ok", "0 seconds ago, 0 problems")
        assert "erasures" not in found
        assert all(len(line) <= 80 for line in lines(capsys))

    def test_nobody_verified(self, sample: Sealed, capsys: Capture) -> None:
        assert "last verification" not in said(capsys)  # nor is it sealed
        sample.seal()
        state, detail = said(capsys)["last verification"]
        assert (state, detail.startswith("never; ")) == ("note", True)

    def test_the_last_verdict_counts(self, sample: Sealed, capsys: Capture) -> None:
        sample.store.note_verification(NOW - 3 * DAY, 1, "event-1")
        state, detail = said(capsys)["last verification"]
        assert (state, "3 days ago, 1 problem, the first in event event-1" in detail) == (
            "problem",
            True,
        )
        sample.store.note_verification(NOW - 2 * DAY, 0, None)
        state, detail = said(capsys)["last verification"]
        assert (state, "2 days ago, 0 problems; is sst-otel" in detail) == ("note", True)

    def test_what_erasures_have_left_to_do(self, sample: Sealed, capsys: Capture) -> None:
        person, visitor = MINTER.owner("gone"), MINTER.visitor()
        sample.store.append([decode(share_record(share(visitor, at=NOW - 60)))])
        sample.store.erase([person.ref], time.time(), 30)
        assert said(capsys)["erasures"] == ("ok", "1 act, 1 tombstone active")
        late = alias_record(visitor.ref, person.ref, sealed(person), NOW - 30)
        sample.store.append([decode(late)])
        state, detail = said(capsys)["erasures"]
        assert (state, "1 visitor still to be erased; " in detail) == ("note", True)
        sample.store.apply_retention(0, time.time())
        assert said(capsys)["erasures"] == ("ok", "2 acts, 2 tombstones active")
        for past, days, state in ((1, 1, "note"), (2, 3, "problem")):
            sample.store.erase([MINTER.owner(f"{days}").ref], time.time() - (2 + days) * DAY, 2)
            found = said(capsys)["erasures"]
            assert (found[0], f", {past} past their time; " in found[1]) == (state, True)

    def test_whether_the_old_goes(
        self, sample: Sealed, capsys: Capture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sample.store.append([decode(share_record(share("42", at=NOW - 40 * DAY)))])
        for days, state, text in (
            (39, "ok", "is 39"),
            (37, "problem", "--older-than 37d"),
            (0, "note", "nothing goes"),
        ):
            monkeypatch.setenv("SST_RETENTION_DAYS", str(days))
            found = said(capsys)["retention"]
            assert found[0] == state
            assert "the oldest event is 40 days old" in found[1]
            assert text in found[1]

    def test_one_that_cannot_be_read_hides_no_other(self, sample: Sealed, capsys: Capture) -> None:
        with by_hand(sample.store) as connection:
            connection.exec_driver_sql("ALTER TABLE tombstones RENAME TO elsewhere")
            connection.commit()
        found = said(capsys)
        assert found["erasures"][0] == "note"
        assert "cannot be read" in found["erasures"][1]
        assert "retention" in found


@pytest.mark.stack
class TestPostgres(TestSqlite):
    @pytest.fixture
    def url(self, postgres: Database) -> str:
        return postgres.url("psycopg")

    def test_months(self, sample: Sealed, postgres: Database, capsys: Capture) -> None:
        assert said(capsys)["months"] == ("ok", "2 partitions, 0 events in none of them")
        sample.store.append([decode(share_record(share("42", at=NOW, event_id="no uuid")))])
        state, detail = said(capsys)["months"]
        assert (state, "1 event in none" in detail) == ("ok", True)
        year, month = following(month_of(time.time()))
        with psycopg.connect(postgres.dsn, autocommit=True) as connection:
            connection.execute(f"DROP TABLE audit_logs_{year}_{month:02}".encode())
        sample.run("DELETE FROM audit_logs WHERE event_id = 'no uuid'")
        state, detail = said(capsys)["months"]
        assert (state, f"{year}-{month:02} will be made" in detail) == ("note", True)
        at = time.time() + 32 * DAY
        event = share("42", at=at, event_id=new_event_id(at))
        sample.store.append([decode(share_record(event))])
        state, detail = said(capsys)["months"]
        assert (state, "1 event in none" in detail, "roles --apply" in detail) == (
            "problem",
            True,
            True,
        )

    def test_rights(
        self,
        sample: Sealed,
        postgres: Database,
        capsys: Capture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        state, detail = said(capsys)["rights"]
        assert (state, f"{USER} owns the tables" in detail) == ("note", True)
        assert main(["roles", "--apply"]) == 0
        capsys.readouterr()
        with psycopg.connect(postgres.dsn, autocommit=True) as connection:
            connection.execute(b"CREATE ROLE sst_test_writer LOGIN IN ROLE sst_ingest")
            try:
                url = sample.url.replace(f"{USER}@", "sst_test_writer@")
                monkeypatch.setenv("SST_DATABASE_URL", url)
                found = said(capsys)
                assert found["rights"][0] == "ok"
                assert "triggers" not in found
                assert "cannot be read" in found["last verification"][1]
                assert all(len(line) <= 80 for line in lines(capsys))
                connection.execute(b"GRANT UPDATE (route) ON audit_logs TO sst_test_writer")
                connection.execute(b"GRANT DELETE ON outcomes TO sst_test_writer")
                connection.execute(b"ALTER TABLE seal_batches DISABLE TRIGGER ALL")
                found = said(capsys)
                assert found["rights"][0] == found["triggers"][0] == "problem"
                assert "delete rows of audit_logs, outcomes;" in found["rights"][1]
                assert "the rows of seal_batches;" in found["triggers"][1]
            finally:
                connection.execute(b"DROP OWNED BY sst_test_writer")
                connection.execute(b"DROP ROLE sst_test_writer")


@pytest.mark.stack
def test_a_server_that_is_not_there_is_one_line(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SST_DATABASE_URL", "postgresql+psycopg://sst@127.0.0.1:1/audit")
    monkeypatch.setenv("SST_KEY", "k" * 40)
    assert said(capsys) == {}
    assert sum("cannot be read" in line for line in lines(capsys)) == 1
