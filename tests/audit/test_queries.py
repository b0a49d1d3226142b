"""What the reader gives, and to whom."""

from __future__ import annotations

from typing import Any

from sqlalchemy.event import listen

from sst_otel.audit.log import AuditLog
from sst_otel.audit.queries import Reader
from tests.audit.by_hand import by_hand
from tests.audit.helpers import (
    GROQ,
    KEYS,
    META,
    MINTER,
    NOW,
    sealed,
    share,
    tag,
)


def test_an_event_has_the_fields_of_the_api(log: AuditLog, reader: Reader) -> None:
    owner = MINTER.owner("42")
    event = share("42", "income", "email")
    log.share(event)
    log.outcome(event.event_id, "sent", NOW + 2)
    log.outcome(event.event_id, "failed", NOW + 1)
    log.flush()
    assert reader.audit_logs(viewer="42") == (
        [
            {
                "event_id": event.event_id,
                "event_type": "external_api",
                "timestamp": NOW,
                "owner_id": "42",
                "destination": "OpenAI/Groq:responses.create",
                "recipient": "Groq",
                "purpose": "llm",
                "country": "US",
                "service": "budget",
                "route": "/advice",
                "data_types": ["income", "email"],
                "tag_ids": [tag(owner, "income").tag_id, tag(owner, "email").tag_id],
                "evidence": ["exact", "exact"],
                "paths": ["body.income", "body.email"],
                "outcome": "sent",
                "trace_id": "a" * 32,
                "span_id": "b" * 16,
                "metadata": {
                    "gen_ai.request.model": "llama",
                    "server.address": "api.groq.com",
                    "code.file.path": "app.py",
                    "code.line.number": 12,
                    "code.function.name": "advice",
                },
                "stack_trace": ["wsgi.py:3 in main", "app.py:12 in advice"],
            }
        ],
        None,
    )


def test_a_page_of_events_takes_two_statements(log: AuditLog, reader: Reader) -> None:
    for number in range(30):
        log.share(share(str(number), "income", "email", at=NOW - number))
    log.flush()
    asked: list[str] = []
    engine = reader._store._database.engine
    listen(engine, "connect", lambda opened, _record: opened.set_trace_callback(asked.append))
    events, _ = reader.audit_logs(viewer=None)
    assert len({tag_id for event in events for tag_id in event["tag_ids"]}) == 60
    words = [statement.split()[0] for statement in asked]
    assert words[-4:] == ["BEGIN", "SELECT", "SELECT", "ROLLBACK"]


def test_an_index_finds_what_is_a_persons_in_sqlite(log: AuditLog, reader: Reader) -> None:
    log.share(share("42"))
    reader.gaps()  # the journal is read once
    asked: list[str] = []
    engine = reader._store._database.engine
    listen(engine, "connect", lambda opened, _record: opened.set_trace_callback(asked.append))
    for ask in (reader.audit_logs, reader.provenance, reader.recipients):
        ask(viewer="42")
    questions = [one for one in asked if "owner_ref IN" in one]
    assert len(questions) == 4
    with reader._store.reading() as connection:
        for question in questions:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}").fetchall()
            by_index = ("ix_audit_logs_subject (", "ix_provenance_records_subject (")
            assert any(index in row[-1] for row in plan for index in by_index), plan


def test_a_datum_has_the_fields_of_the_api(log: AuditLog, reader: Reader) -> None:
    owner = MINTER.owner("42")
    income = tag(owner, "income")
    derived = tag(owner, "derived", lineage=(income.tag_id,))
    log.tag(income, sealed(owner), NOW)
    log.tag(derived, sealed(owner), NOW + 1)
    log.share(share("42", "derived", at=NOW + 9))
    found, more = reader.provenance(viewer="42")
    assert more is None
    assert found == [
        {
            "tag_id": derived.tag_id,
            "owner_id": "42",
            "data_type": "derived",
            "sources": ["form_field:derived"],
            "lineage": [income.tag_id],
            "transformations": ["multiply"],
            "first_seen": NOW + 1,
            "last_seen": NOW + 9,
        },
        {
            "tag_id": income.tag_id,
            "owner_id": "42",
            "data_type": "income",
            "sources": ["form_field:income"],
            "lineage": [],
            "transformations": [],
            "first_seen": NOW,
            "last_seen": NOW,
        },
    ]


class TestWhoSeesWhat:
    def test_a_person_sees_their_own_rows_only(self, log: AuditLog, reader: Reader) -> None:
        mine, yours, nobodys = share("42"), share("43"), share()
        for event in (mine, yours, nobodys):
            log.share(event)
        log.flush()

        def seen(viewer: str | None, **filters: Any) -> set[str]:
            return {row["event_id"] for row in reader.audit_logs(viewer=viewer, **filters)[0]}

        assert seen("42") == {mine.event_id}
        assert seen("43") == {yours.event_id}
        assert seen(None) == {mine.event_id, yours.event_id, nobodys.event_id}
        assert seen("42", owner_id="43") == set()
        assert seen("42", event_id=yours.event_id) == set()
        assert seen("") == set()
        assert seen(MINTER.owner("43").ref) == set()  # a reference is no identity
        assert {datum["owner_id"] for datum in reader.provenance(viewer="42")[0]} == {"42"}
        assert reader.summary("44") == {"recipients": [], "data_types": []}
        assert [row["count"] for row in reader.summary("43")["recipients"]] == [1]

    def test_nobodys_and_visitors_rows_name_no_account(self, log: AuditLog, reader: Reader) -> None:
        visitor = MINTER.visitor()
        log.share(share(at=NOW))
        log.share(share(visitor, at=NOW + 1))
        assert [row["owner_id"] for row in reader.audit_logs(viewer=None)[0]] == [visitor.ref, None]

    def test_rows_of_another_key_show_the_reference(self, log: AuditLog, reader: Reader) -> None:
        log.share(share("42", owner_sealed="c2VhbGVkIGVsc2V3aGVyZSwgbG9uZyBlbm91Z2g"))
        assert reader.audit_logs(viewer=None)[0][0]["owner_id"] == MINTER.owner("42").ref


class TestAliases:
    def test_a_visitors_rows_become_the_persons(self, log: AuditLog, reader: Reader) -> None:
        visitor, person = MINTER.visitor(), MINTER.owner("42")
        before = share(visitor, "phone")
        log.share(before)
        assert reader.audit_logs(viewer="42")[0] == []
        assert log.alias(visitor.ref, person, NOW)
        after = share(person)
        log.share(after)
        [first, second] = sorted(
            reader.audit_logs(viewer="42")[0], key=lambda row: row["event_id"] != before.event_id
        )
        assert (first["event_id"], first["owner_id"]) == (before.event_id, "42")
        assert second["event_id"] == after.event_id
        for owner_id in ("42", person.ref):
            assert len(reader.audit_logs(viewer=None, owner_id=owner_id)[0]) == 2
        assert len(reader.audit_logs(viewer=None, owner_id=visitor.ref)[0]) == 1
        assert {row["data_type"] for row in reader.provenance(viewer="42")[0]} == {"phone", "email"}
        assert sum(row["count"] for row in reader.summary("42")["recipients"]) == 2

    def test_the_first_account_of_a_visit_keeps_it(self, log: AuditLog, reader: Reader) -> None:
        visitor = MINTER.visitor()
        log.share(share(visitor))
        log.alias(visitor.ref, MINTER.owner("42"), NOW)
        log.alias(visitor.ref, MINTER.owner("43"), NOW + 1)
        assert len(reader.audit_logs(viewer="42")[0]) == 1
        assert reader.audit_logs(viewer="43")[0] == []

    def test_nobody_becomes_nobody(self, log: AuditLog) -> None:
        visitor, person = MINTER.visitor(), MINTER.owner("42")
        assert not log.alias(visitor.ref, MINTER.visitor(), NOW)
        assert not log.alias("", person, NOW)
        assert not log.alias(person.ref, person, NOW)


def test_the_summary_groups_by_recipient_and_by_type(log: AuditLog, reader: Reader) -> None:
    log.share(share("42", "income", "email", at=NOW, recipient=GROQ))
    log.share(share("42", "email", at=NOW + 1, recipient=GROQ))
    log.share(share("42", "phone", "email", at=NOW + 2, recipient=META))
    assert reader.summary("42") == {
        "recipients": [
            {
                "recipient": "Meta",
                "purpose": "advertising",
                "country": "US",
                "role": "third_party",
                "data_types": ["email", "phone"],
                "first": NOW + 2,
                "last": NOW + 2,
                "count": 1,
            },
            {
                "recipient": "Groq",
                "purpose": "llm",
                "country": "US",
                "role": "processor",
                "data_types": ["email", "income"],
                "first": NOW,
                "last": NOW + 1,
                "count": 2,
            },
        ],
        "data_types": [
            {
                "data_type": "email",
                "recipients": ["Groq", "Meta"],
                "first": NOW,
                "last": NOW + 2,
                "count": 3,
            },
            {
                "data_type": "phone",
                "recipients": ["Meta"],
                "first": NOW + 2,
                "last": NOW + 2,
                "count": 1,
            },
            {
                "data_type": "income",
                "recipients": ["Groq"],
                "first": NOW,
                "last": NOW,
                "count": 1,
            },
        ],
    }


def test_an_erased_person_leaves_rows_without_a_name(log: AuditLog, reader: Reader) -> None:
    from sqlalchemy import text

    log.share(share("42"))
    reader.audit_logs(viewer=None)
    with by_hand(reader._store) as connection:
        for table in ("subjects", "aliases", "provenance_records"):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.commit()
    [row] = reader.audit_logs(viewer=None)[0]
    assert (row["owner_id"], row["tag_ids"], row["data_types"]) == (None, ["erased"], ["email"])
    assert KEYS.key_id not in str(row)
