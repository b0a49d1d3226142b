"""Attacks on a sealed store, for either database: the classes that inherit this give ``sample``."""

from __future__ import annotations

import pytest
from sqlalchemy import JSON, BigInteger, Column, Integer, and_, func, select

from sst_otel.audit import models
from sst_otel.audit.columns import UtcTime
from sst_otel.audit.seals import leaves
from sst_otel.audit.seals.report import Report
from tests.audit.seals.sample import Sealed

UNSEALED = {
    *("audit_flow_days", "dead_letters", "journal_offsets", "tombstones"),
    "seal_verifications",
}
"""What is derived, put aside, a position, a verdict, or goes by itself; all else is sealed."""
COLUMNS = [
    pytest.param(column, id=f"{table.name}.{column.name}")
    for table in models.Base.metadata.sorted_tables
    if table.name not in UNSEALED
    for column in table.columns
]


def other(column: Column[object], value: object) -> object:
    """Return another value of a column's type."""
    if isinstance(column.type, UtcTime):
        assert isinstance(value, float)
        return value + 1e-6
    if isinstance(column.type, JSON):
        return {**value, "x": 1} if isinstance(value, dict) else [*value, "x"]  # type: ignore[misc]
    if isinstance(column.type, (Integer, BigInteger)):
        assert isinstance(value, int)
        return value + 1_000
    return f"{value or ''}x"


def whats(report: Report) -> set[tuple[str, str]]:
    return {(problem.what, problem.where) for problem in report.problems}


class Attacks:
    """Whatever is done to a sealed store is told."""

    def test_what_nobody_touched_is_good(self, sample: Sealed) -> None:
        report = sample.good()
        assert report.leaves > report.rows > 80  # some rows have changed
        assert (report.unsealed, report.pruned, report.erased) == (0, 0, 0)
        assert report.anchored == report.batches

    @pytest.mark.parametrize("column", COLUMNS)
    def test_a_changed_column(self, sample: Sealed, column: Column[object]) -> None:
        table = column.table
        with sample.store.reading() as connection:
            key = list(table.primary_key)
            rows = connection.execute(select(table).order_by(*key)).mappings().all()
        rows = [row for row in rows if row[column.name] is not None] or rows
        if table.name == "provenance_records":  # one that went out in an event
            shared = sample.ask("SELECT record FROM audit_log_records")
            rows = [row for row in rows if row["id"] in shared]
        row = rows[len(rows) // 2]
        here = and_(*(one == row[one.name] for one in key))
        update = table.update().where(here).values({column.name: other(column, row[column.name])})
        report = sample.after(update)
        assert report.count > 0
        if "event_id" in table.columns:
            assert report.first_event in (row["event_id"], f"{row['event_id']}x")
        elif table.name in ("stacks", "subjects", "provenance_records"):
            assert report.first_event is not None

    @pytest.mark.parametrize("table", sorted({*leaves.TABLES, "audit_log_records", "stacks"}))
    def test_a_deleted_row(self, sample: Sealed, table: str) -> None:
        key = next(iter(models.Base.metadata.tables[table].primary_key)).name
        keys = sorted(map(str, sample.ask(f"SELECT {key} FROM {table}")))
        report = sample.after(f"DELETE FROM {table} WHERE {key} = '{keys[len(keys) // 2]}'")
        assert {where for _, where in whats(report)} >= {table}

    def test_a_deleted_event_with_all_that_is_its(self, sample: Sealed) -> None:
        events = sorted(map(str, sample.ask("SELECT event_id FROM audit_logs")))
        middle = events[len(events) // 2]
        report = sample.after(
            *(
                f"DELETE FROM {table} WHERE event_id = '{middle}'"
                for table in ("audit_logs", "audit_log_records")
            )
        )
        assert ("missing", "audit_logs") in whats(report)
        assert report.first_event == middle

    def test_an_inserted_row(self, sample: Sealed) -> None:
        copied = ", ".join(
            f'"{column.name}"' for column in models.AuditLog.__table__.columns
        ).replace('"event_id"', "'0' || event_id")
        report = sample.after(
            f"INSERT INTO audit_logs SELECT {copied} FROM audit_logs "
            "WHERE event_id = (SELECT min(event_id) FROM audit_logs)"
        )
        assert whats(report) == {("inserted", "audit_logs")}
        assert str(report.first_event).startswith("00")

    def test_two_events_that_change_places(self, sample: Sealed) -> None:
        first, second = sorted(map(str, sample.ask("SELECT event_id FROM audit_logs")))[3:5]
        moves = ((first, "-"), (second, first), ("-", second))
        report = sample.after(
            *(
                f"UPDATE audit_logs SET event_id = '{to}' WHERE event_id = '{of}'"
                for of, to in moves
            )
        )
        assert ("changed", "audit_logs") in whats(report)

    def test_two_people_who_change_places(self, sample: Sealed) -> None:
        first, second = sorted(map(str, sample.ask("SELECT subject FROM subjects")))[:2]
        moves = ((first, "-"), (second, first), ("-", second))
        report = sample.after(
            *(f"UPDATE subjects SET subject = '{to}' WHERE subject = '{of}'" for of, to in moves),
        )
        assert whats(report) == {("changed", "subjects")}
        assert report.first_event is not None

    def test_their_salts_too(self, sample: Sealed) -> None:
        first, second = sorted(map(str, sample.ask("SELECT subject FROM subjects")))[:2]
        moves = ((first, "-"), (second, first), ("-", second))
        report = sample.after(
            *(
                f"UPDATE {table} SET {column} = '{to}' WHERE {column} = '{of}'"
                for table, column in (("subjects", "subject"), ("seal_salts", "id"))
                for of, to in moves
            )
        )
        assert whats(report) == {("changed", "subjects")}

    def test_leaves_in_another_order(self, sample: Sealed) -> None:
        [block, body] = [
            sample.ask(f"SELECT {name} FROM seal_blocks")[1] for name in ("id", "body")
        ]
        lines = str(body).split("\n")
        turned = "\n".join([lines[1], lines[0], *lines[2:]])
        update = models.SealBlock.__table__.update().where(models.SealBlock.id == block)
        assert ("batch", "seal_batches") in whats(sample.after(update.values(body=turned)))

    def test_a_row_and_its_leaf(self, sample: Sealed) -> None:
        """Who can compute leaves cannot compute signatures."""
        table = models.AuditLog.__table__
        with sample.store.reading() as connection:
            query = select(table).order_by(table.c.event_id)
            row = dict(connection.execute(query).mappings().all()[7])
        old = leaves.line_of(table.name, row, "", 0.0)
        new = leaves.line_of(table.name, {**row, "destination": "nobody"}, "", 0.0)
        key = f"event_id = '{row['event_id']}'"
        report = sample.after(
            f"UPDATE audit_logs SET destination = 'nobody' WHERE {key}",
            models.SealBlock.__table__.update()
            .where(models.SealBlock.body.contains(old, autoescape=True))
            .values(body=func.replace(models.SealBlock.body, old, new)),
        )
        assert whats(report) == {("batch", "seal_batches")}

    def test_two_batches_that_change_places(self, sample: Sealed) -> None:
        moves = ((2, -2), (3, 2), (-2, 3))
        both = [
            f"UPDATE {table} SET {column} = {to} WHERE {column} = {of}"
            for table, column in (("seal_batches", "seq"), ("seal_blocks", "batch"))
            for of, to in moves
        ]
        assert ("chain", "seal_batches") in whats(sample.after(*both))

    def test_a_deleted_batch(self, sample: Sealed) -> None:
        report = sample.after(
            "DELETE FROM seal_blocks WHERE batch = 2", "DELETE FROM seal_batches WHERE seq = 2"
        )
        assert ("chain", "seal_batches") in whats(report)

    def test_the_end_cut_off(self, sample: Sealed) -> None:
        """The last batch with all its rows: nothing but the anchor remembers it."""
        [last] = sample.ask("SELECT max(batch) FROM seal_blocks")
        bodies = sample.ask(f"SELECT body FROM seal_blocks WHERE batch = {last}")
        gone = [leaves.read(line) for body in bodies for line in str(body).split("\n")]
        deletions = [
            f"DELETE FROM seal_batches WHERE seq >= {last}",
            f"DELETE FROM seal_blocks WHERE batch = {last}",
        ]
        for table, column in (
            ("audit_logs", "event_id"),
            ("subjects", "subject"),
            ("aliases", "pseudonym"),
            ("provenance_records", "id"),
            ("tag_sources", "id"),
            ("gaps", "id"),
            ("erasures", "id"),
        ):
            keys = ", ".join(sorted({f"'{leaf.key}'" for leaf in gone if leaf.table == table}))
            deletions.append(f"DELETE FROM {table} WHERE {column} IN ({keys})")
        for table in ("outcomes", "audit_log_records"):
            orphans = "event_id NOT IN (SELECT event_id FROM audit_logs)"
            deletions.append(f"DELETE FROM {table} WHERE {orphans}")
        rest = "SELECT subject FROM subjects UNION SELECT id FROM provenance_records"
        deletions.append(f"DELETE FROM seal_salts WHERE id NOT IN ({rest})")
        deletions.append(
            "DELETE FROM tag_parents WHERE record NOT IN (SELECT id FROM provenance_records)"
        )
        assert whats(sample.after(*deletions)) == {("anchor", "seal_batches")}
