"""Writing into a real PostgreSQL: batches as one text, redeliveries, rows it does not take."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from sst_otel.audit.decoding import decode
from sst_otel.audit.log import open_reader
from sst_otel.audit.records import Record, alias_record, outcome_record, share_record, tag_record
from sst_otel.audit.store import Store
from sst_otel.settings import Settings
from tests.audit.by_hand import by_hand
from tests.audit.helpers import KEYS, MINTER, NOW, sealed, share, tag
from tests.audit.test_store import counts, shared
from tests.postgres import Database
from tests.postgres import postgres as postgres
from tests.postgres import postgres_server as postgres_server

pytestmark = pytest.mark.stack

ODD = "a'b\"c\\d\te\nf\r{},\u00e9\U0001f600\\N\\u0000%s:x $1"


@pytest.fixture
def store(postgres: Database) -> Iterator[Store]:
    store = Store(postgres.url("psycopg"), connections=4)
    store.upgrade()
    yield store
    store.close()


def batch(count: int = 40) -> list[Record]:
    """Return shares of ten people with their outcomes, tags and an alias."""
    visitor, person = MINTER.visitor(), MINTER.owner("1")
    records = [decode(alias_record(visitor.ref, person.ref, sealed(person), NOW))]
    for number in range(count):
        owner = MINTER.owner(str(number % 10))
        event = share(owner, "email", "phone", at=NOW - number)
        datum = tag(owner, "derived", lineage=(tag(owner).tag_id,))
        records.append(decode(share_record(event)))
        records.append(decode(tag_record(datum, sealed(owner), NOW)))
        records.append(decode(outcome_record(event.event_id, "sent", NOW)))
    return records


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_texts_and_times_come_back_as_they_were(
    postgres: Database, tmp_path: Path, driver: str
) -> None:
    url = postgres.url(driver)
    event = share(
        "42", at=round(NOW + 0.123457, 6), route=ODD, metadata={ODD: [ODD, 1.5, None, {"": True}]}
    )
    store = Store(url)
    store.append([decode(share_record(event))], unreadable=[b"\x00\xffx"])
    reader = open_reader(Settings(database_url=url, spool_dir=tmp_path / "none"), KEYS)
    [row], _ = reader.audit_logs(viewer=None)
    assert (row["timestamp"], row["route"]) == (event.at, ODD)
    assert row["metadata"][ODD] == [ODD, 1.5, None, {"": True}]
    with store.reading() as connection:
        body = connection.execute(text("SELECT body FROM dead_letters")).scalar_one()
    assert bytes(body) == b"\x00\xffx"


def test_what_comes_again_adds_no_row(store: Store) -> None:
    records = batch()
    store.append(records)
    before = counts(store)
    assert (before["audit_logs"], before["audit_log_records"]) == (40, 80)
    store.append([*reversed(records), *records])
    assert counts(store) == before


def test_writers_of_the_same_at_once_add_it_once(store: Store) -> None:
    batches = [batch() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        jobs = [(first, second) for first in batches for second in batches]
        assert list(pool.map(lambda job: store.append([*job[0], *job[1]]), jobs)) == [[]] * 16
    assert counts(store)["audit_logs"] == 160
    assert counts(store)["audit_log_records"] == 320


def test_a_row_the_database_refuses_does_not_hold_up_the_others(store: Store) -> None:
    with by_hand(store) as connection:
        connection.execute(text("ALTER TABLE audit_logs ADD CHECK (route <> '/bad')"))
        connection.commit()
    good, bad = [shared("42") for _ in range(5)], shared("42", route="/bad")
    assert store.append([*good[:2], bad, *good[2:]], "j.journal", 77) == [bad]
    assert counts(store)["dead_letters"] == 1
    assert counts(store)["audit_logs"] == 5
    assert store.positions() == {"j.journal": 77}


def test_readers_share_connections_that_are_there(
    store: Store, postgres: Database, tmp_path: Path
) -> None:
    store.append(batch())
    settings = Settings(database_url="sqlite://", spool_dir=tmp_path / "none")
    backends = []
    for ends in (False, True, False):  # as a server that starts again ends them
        reader = open_reader(settings, KEYS, store)
        assert len(reader.audit_logs(viewer=None)[0]) == 40
        reader.close()
        with store.reading() as connection:
            backends.append(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        if ends:
            with Store(postgres.url("psycopg")).reading() as other:
                query = text("SELECT pg_terminate_backend(:pid)")
                other.execute(query, {"pid": backends[-1]})
    assert backends[0] == backends[1] != backends[2]
