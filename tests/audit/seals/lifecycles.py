"""What happens to a sealed store in its life, for either database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, select

from sst_otel.audit import models
from sst_otel.audit.seals import leaves, salts, sealing
from sst_otel.audit.seals.proving import ProofError, check, prove
from sst_otel.audit.seals.signing import load_verifier, public_file
from sst_otel.shares import new_event_id
from sst_otel.tags import Owner
from tests.audit.helpers import KEYS, MINTER, NOW, run, share
from tests.audit.seals.attacks import whats
from tests.audit.seals.sample import ROUNDS, Sealed, records
from tests.audit.test_store import counts, shared

DAY = 86_400.0

KILLED = """
import os, signal, sys, threading
from pathlib import Path
from sqlalchemy import event
from sst_otel.audit.database import Database
from sst_otel.audit.seals.sealing import seal
from sst_otel.audit.seals.signing import load_signer

url, key, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
database = Database(url)
database.engine._has_events = True
seen = []

@event.listens_for(database.engine, "after_cursor_execute")
def after(_connection, _cursor, statement, *_rest):
    seen.append(statement)
    if len(seen) == number:
        os.kill(os.getpid(), signal.SIGKILL)

seal(database, load_signer(key))
print(len(seen))
"""


def erase(sample: Sealed, *owners: Owner) -> list[str]:
    """Delete the rows of people, their pseudonyms included; return their surrogates."""
    subjects = models.Subject.__table__.c
    aliases = models.Alias.__table__.c
    provenance = models.ProvenanceRecord.__table__.c
    with sample.database.writing() as connection:
        refs = [owner.ref for owner in owners]
        query = select(subjects.subject).where(subjects.owner_ref.in_(refs))
        people = [row[0] for row in connection.execute(query)]
        query = select(aliases.pseudonym).where(aliases.subject.in_(people))
        people += [row[0] for row in connection.execute(query)]
        salts.forget(connection, people)
        theirs = select(provenance.id).where(provenance.subject.in_(people))
        for column in (models.TagSource.record, models.TagParent.record):
            table = column.class_.__table__
            connection.execute(delete(table).where(column.in_(theirs)))
        connection.execute(delete(provenance.id.table).where(provenance.subject.in_(people)))
        connection.execute(delete(aliases.at.table).where(aliases.subject.in_(people)))
        connection.execute(delete(subjects.subject.table).where(subjects.subject.in_(people)))
    return people


class Lifecycles:
    """Verification passes whatever rightly happens, and says it."""

    def test_what_comes_again_adds_no_leaf(self, sample: Sealed) -> None:
        before = counts(sample.store)
        for number in range(ROUNDS):
            found = records(number)
            sample.store.append([*found, *reversed(found)])
        added = {name: rows - before[name] for name, rows in counts(sample.store).items()}
        # Round after round has events, visitors and a gap of its own; what people have is known.
        assert added["audit_logs"] == ROUNDS * 6
        assert added["subjects"] == ROUNDS
        before = counts(sample.store)
        found = records(0)
        sample.store.append(found)
        between = counts(sample.store)
        sample.store.append([*found, *reversed(found)])
        assert counts(sample.store) == between != before
        assert sample.good().unsealed > 0

    def test_replayed_leaves_do_no_harm_and_no_good(self, sample: Sealed) -> None:
        """A block copied into the next batch: the rows are as they were."""
        sample.run(
            "INSERT INTO seal_blocks (leaves, body) "
            "SELECT leaves, body FROM seal_blocks ORDER BY id"
        )
        sample.seal()
        sample.good()
        sample.run(
            "UPDATE outcomes SET outcome = 'failed' WHERE at = (SELECT min(at) FROM outcomes)"
        )
        assert {where for _, where in whats(sample.verify())} == {"outcomes"}

    def test_since(self, sample: Sealed) -> None:
        sealed_at = sample.seal()[0].sealed_at / 1e6
        sample.store.append(records(9))
        sample.seal()
        late = sample.verify(since=sealed_at)
        assert late.problems == []
        assert 0 < late.rows < sample.good().rows
        sample.run("UPDATE stacks SET frames = '[]'")
        events = sorted(map(str, sample.ask("SELECT event_id FROM audit_logs")))
        sample.run(
            "UPDATE audit_logs SET country = 'XX' WHERE received_at = "
            "(SELECT min(received_at) FROM audit_logs)"
        )
        before = sample.verify()
        after = sample.verify(since=sealed_at)
        assert ("changed", "audit_logs") in whats(before)
        assert before.first_event in events
        assert whats(after) == {("changed", "stacks")}

    def test_since_finds_what_was_inserted(self, sample: Sealed) -> None:
        sealed_at = sample.seal()[0].sealed_at / 1e6
        sample.store.append(records(9))
        sample.run("DELETE FROM seal_blocks WHERE batch IS NULL")
        assert ("inserted", "audit_logs") in whats(sample.verify(since=sealed_at))

    def test_an_erased_person(self, sample: Sealed) -> None:
        person = MINTER.owner("person 1")
        people = erase(sample, person)
        assert len(people) == 2
        for sealed in (False, True):
            if sealed:
                sample.seal()
            report = sample.good()
            assert report.erased == 2
            assert report.erased_rows >= 5
        # Guesses with the installation's key, against every digest there is.
        digests = {
            str(line).rsplit('"', 2)[1]
            for body in sample.ask("SELECT body FROM seal_blocks")
            for line in str(body).split("\n")
        }
        salt = [str(one) for one in sample.ask("SELECT salt FROM seal_salts")]
        for subject in people:
            row = {"subject": subject, "owner_ref": person.ref, "sealed": KEYS.seal("person 1")}
            for one in ("", *salt):
                assert leaves.digest("subjects", row, one) not in digests

    def test_an_erased_person_who_comes_again(self, sample: Sealed) -> None:
        erase(sample, MINTER.owner("person 1"))
        sample.store.append(records(1))
        sample.seal()
        assert sample.good().erased == 2

    def test_rows_that_go_without_erasure(self, sample: Sealed) -> None:
        """Dropping salts and rows is not enough: it has to be said."""
        people = erase(sample, MINTER.owner("person 1"))
        blocks = "SELECT max(id) FROM seal_blocks"
        sample.run(f"DELETE FROM seal_blocks WHERE id = ({blocks})")
        report = sample.verify()
        assert ("missing", "subjects") in whats(report)
        assert {problem.key for problem in report.problems} & set(people)

    def test_a_salt_that_was_left(self, sample: Sealed) -> None:
        [salt] = sample.ask("SELECT salt FROM seal_salts LIMIT 1")
        sample.run(f"INSERT INTO seal_salts (id, salt) VALUES ('nobody', '{salt}')")
        assert whats(sample.verify()) == {("inserted", "seal_salts")}

    def test_pruning(self, sample: Sealed) -> None:
        for number, days in enumerate((500, 400, 300), start=20):
            sample.store.append(records(number, NOW - days * DAY))
            sample.store.append([shared("early", at=NOW - days * DAY)])
            sample.seal()
            # Nothing of anybody new: once it is old, the header alone is left.
            sample.store.append([shared("early", at=NOW - days * DAY)])
            sample.seal()
        whole = sample.good()
        removed = sample.store.apply_retention(350, NOW)
        assert removed == 2 * (6 + 2)
        report = sample.good()
        assert report.pruned > 2 * 6
        assert report.pruned_batches == 2
        assert report.batches == whole.batches
        sample.seal()
        sample.store.apply_retention(350, NOW)
        sample.seal()
        assert sample.good().pruned == report.pruned
        sample.run("DELETE FROM audit_logs WHERE event_id = (SELECT max(event_id) FROM audit_logs)")
        assert ("missing", "audit_logs") in whats(sample.verify())

    def test_a_pruned_batch_that_was_not_old(self, sample: Sealed) -> None:
        sample.store.append([shared("person 1", at=NOW)])
        sample.seal()
        sample.store.append([shared("person 1", at=NOW)])
        [header] = sample.seal()
        assert header.lasting == 0
        sample.store.apply_retention(350, NOW)
        sample.run(f"DELETE FROM seal_blocks WHERE batch = {header.seq}")
        assert ("batch", "seal_batches") in whats(sample.verify())

    def test_a_chain_written_anew_with_another_key(self, sample: Sealed) -> None:
        sample.run("DELETE FROM seal_batches")
        sample.run("UPDATE seal_blocks SET batch = NULL")
        sample.seal("other.key")
        assert ("signature", "seal_batches") in whats(sample.verify())

    def test_a_chain_written_anew_with_the_same_key(self, sample: Sealed) -> None:
        """Who has database and key can do it; the anchor tells."""
        sample.run("DELETE FROM seal_batches")
        sample.run("UPDATE seal_blocks SET batch = NULL")
        sealing.seal(sample.database, sample.signer)
        assert sample.verify().problems == []
        assert ("anchor", "seal_batches") in whats(sample.verify(anchored=True))

    def test_a_batch_of_another_chain(self, sample: Sealed) -> None:
        """Signed by the same key, with its number, and yet behind another batch."""
        table = models.SealBatch.__table__
        with sample.store.reading() as connection:
            old = connection.execute(select(table).where(table.c.seq == ROUNDS + 1)).one()
        sample.run(f"DELETE FROM seal_batches WHERE seq >= {ROUNDS}")
        sample.run(f"UPDATE seal_blocks SET batch = NULL WHERE batch = {ROUNDS}")
        sealing.seal(sample.database, sample.signer)
        with sample.database.writing() as connection:
            connection.execute(table.insert(), [dict(old._mapping)])
        assert whats(sample.verify()) == {("chain", "seal_batches")}

    def test_a_new_key_beside_the_old_one(self, sample: Sealed) -> None:
        sample.seal("new.key")
        assert whats(sample.verify()) == {("signature", "seal_batches")}
        public = public_file(sample.folder / "new.key").read_text()
        with public_file(sample.key).open("a") as file:
            file.write(public)
        sample.good()

    def test_sealers_at_once(self, sample: Sealed) -> None:
        sample.store.append(records(30))
        with ThreadPoolExecutor(4) as pool:
            made = [*pool.map(lambda _: sample.seal(), range(8))]
        headers = [header for found in made for header in found]
        assert len({header.seq for header in headers}) == len(headers) > 0
        assert sum(header.leaves for header in headers) > 0
        assert sample.good().unsealed == 0

    def test_one_seals_an_interval(self, sample: Sealed) -> None:
        assert sealing.seal(sample.database, sample.signer, younger=3600.0) == []
        assert len(sealing.seal(sample.database, sample.signer, younger=0.0)) == 1

    def test_ingest_while_sealing(self, sample: Sealed) -> None:
        done = threading.Event()

        def seals() -> int:
            count = 0
            while not done.is_set():
                count += len(sample.seal())
            return count

        with ThreadPoolExecutor(4) as pool:
            sealing_now = pool.submit(seals)
            # The same people from several sides: rows that change under each other's hands.
            writers = [
                pool.submit(sample.store.append, records(40 + number % 3)) for number in range(12)
            ]
            assert [writer.result() for writer in writers] == [[]] * 12
            done.set()
            assert sealing_now.result() > 0
        sample.seal()
        report = sample.good()
        assert report.unsealed == 0
        assert len(sample.ask("SELECT 1 FROM audit_logs")) == (ROUNDS + 12) * 6

    def test_more_than_one_batch_takes(
        self, sample: Sealed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sealing, "MOST", 10)
        for number in range(50, 53):
            sample.store.append(records(number))
        made = sample.seal()
        assert len(made) == 3
        assert sample.good().unsealed == 0

    def test_killed_in_the_middle(self, sample: Sealed) -> None:
        sample.store.append(records(60))
        batches = sample.ask("SELECT count(*) FROM seal_batches")
        number = 1
        while True:
            out, _, status = run(KILLED, sample.url, sample.key, number)
            if status == 0:
                break
            assert sample.ask("SELECT count(*) FROM seal_batches") == batches
            assert sample.good().unsealed > 0
            number += 2
        assert int(out) < number
        assert number > 4
        assert sample.good().unsealed == 0

    def test_a_proof(self, sample: Sealed) -> None:
        verifier = load_verifier(public_file(sample.key))
        for event_id in map(str, sample.ask("SELECT event_id FROM audit_logs")):
            with sample.store.reading() as connection:
                proof = prove(connection, event_id)
            assert proof["event"]["event_id"] == event_id
            assert check(proof, verifier, sample.anchor).seq == proof["batch"]["seq"]
            for name, wrong in (
                ("event", {**proof["event"], "destination": "nobody"}),
                ("leaf", proof["leaf"].replace(event_id, "other")),
                ("index", proof["index"] + 1),
                ("path", proof["path"][1:]),
                ("path", [*proof["path"], "00"]),
                ("batch", {**proof["batch"], "sealed_at": 0}),
                ("batch", {**proof["batch"], "root": "00" * 32}),
                ("batch", {}),
                ("version", 2),
            ):
                with pytest.raises(ProofError):
                    check({**proof, name: wrong}, verifier, sample.anchor)

    def test_no_proof(self, sample: Sealed) -> None:
        event = share("person 1", at=NOW, event_id=new_event_id(NOW))
        sample.store.append([shared("person 1", at=NOW, event_id=event.event_id)])
        with sample.store.reading() as connection:
            with pytest.raises(ProofError, match="no event"):
                prove(connection, "unknown")
            with pytest.raises(ProofError, match="not sealed yet"):
                prove(connection, event.event_id)
        sample.seal()
        sample.run(f"UPDATE audit_logs SET route = '' WHERE event_id = '{event.event_id}'")
        with (
            sample.store.reading() as connection,
            pytest.raises(ProofError, match="no batch has the event as it is"),
        ):
            prove(connection, event.event_id)
