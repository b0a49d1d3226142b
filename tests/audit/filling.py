"""Fills a PostgreSQL store with many events, by SQL: what a year of a busy service leaves."""

from __future__ import annotations

from sqlalchemy import text

from sst_otel.audit import partitions
from sst_otel.audit.decoding import decode
from sst_otel.audit.records import share_record
from sst_otel.audit.store import Store
from sst_otel.shares import new_event_id
from tests.audit.helpers import MINTER, share

DAY = 86_400.0
_RECIPIENT = "'Recipient ' || n % 40"
_STEPS = (
    """CREATE TEMP TABLE made AS
       SELECT n, at, subject, (SELECT array_agg(r.id ORDER BY r.id) FROM provenance_records r
                               WHERE r.subject = s.subject) AS records,
              substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-7' || substr(md5, 1, 3) || '-8'
              || substr(md5, 4, 3) || '-' || substr(md5, 7, 12) AS event_id
       FROM (SELECT n, n % :people AS person, md5(n::text) AS md5,
                    to_timestamp(:now - n * (:days * 86400.0 / :events)) AS at,
                    lpad(to_hex(((:now - n * (:days * 86400.0 / :events)) * 1000)::bigint), 12, '0')
                        AS hex
             FROM generate_series(1, :events) n) g
       JOIN (SELECT subject, row_number() OVER (ORDER BY subject) - 1 AS person FROM subjects) s
       USING (person)""",
    f"""INSERT INTO audit_logs
       SELECT event_id, 'external_api', at, subject, 'service ' || n % 3, '/route/' || n % 50,
              'POST api.example/' || n % 200, {_RECIPIENT}, 'crm', 'US', 'processor',
              '["email","phone","city"]', to_json(records), '["exact","exact","exact"]',
              '["body.a","body.b","body.c"]',
              json_build_object('server.address', 'host' || n % 60 || '.example'), NULL, 'key',
              md5('t' || n), substr(md5('s' || n), 1, 16), at
       FROM made""",
    """INSERT INTO audit_log_records
       SELECT event_id, records[k], (ARRAY['email','phone','city'])[k], at
       FROM made, generate_series(1, 3) k""",
    "INSERT INTO outcomes SELECT event_id, at, 'sent' FROM made",
    f"""INSERT INTO audit_flow_days
       SELECT date_trunc('day', at, 'UTC'), 'service ' || n % 3, {_RECIPIENT}, 'crm', 'US',
              'processor', 'host' || n % 60 || '.example', type, min(at), max(at), count(*)
       FROM made, unnest(ARRAY['', 'email', 'phone', 'city']) type
       GROUP BY 1, 2, 3, 4, 5, 6, 7, 8""",
    "DROP TABLE made",
)


def fill(store: Store, events: int, people: int, days: int, until: float) -> None:
    """Add ``events`` events of ``people`` people of the ``days`` days before ``until``.

    The people's ids are ``"0"``, ``"1"``, ...; each shares three data with 40 recipients in turn.
    Rows are as the ingest writes them, the roll-up included.
    """
    owners = [MINTER.owner(str(number)) for number in range(people)]
    at = until - days * DAY - 1
    first = [
        share(owner, "email", "phone", "city", at=at, event_id=new_event_id(at)) for owner in owners
    ]
    for start in range(0, people, 1_000):
        store.append([decode(share_record(event)) for event in first[start : start + 1_000]])
    with store._database.writing(alone=True) as connection:
        for back in (*range(0, days, 28), days + 1):
            partitions.make(connection, partitions.month_of(until - back * DAY))
        given = {"events": events, "people": people, "days": days, "now": until}
        for step in _STEPS:
            connection.execute(text(step.replace("::", "\\:\\:")), given)
    analyse(store)


def analyse(store: Store) -> None:
    """Let the planner know the tables, and settle what was written, as autovacuum does."""
    engine = store._database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
