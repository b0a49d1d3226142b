"""The views that dashboards and reports read; the reader's role sees nothing else.

No view shows what is sealed. ``report_shares`` has a row for each event and type of its data,
``report_flow_days`` and ``report_flows`` the roll-up by day and as a whole, ``report_pipeline`` one
row with what the store knows of its own filling. A person is shown as ``subject``, the random
surrogate that aliases lead to, and as ``owner_ref``, which is null where the person was erased.
``report_person_events`` has the ids of each person's events, which indexes find.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.engine import Connection

NAMES = (
    *("report_shares", "report_person_events"),
    *("report_flow_days", "report_flows", "report_pipeline"),
)

_SHARES = """
CREATE VIEW report_shares AS
SELECT log.timestamp AS ts, log.event_type, log.service, log.route, log.destination,
       log.recipient_name AS recipient, log.purpose, log.country, log.role, {data_type},
       log.event_id, log.trace_id,
       (SELECT outcome FROM outcomes WHERE outcomes.event_id = log.event_id
        ORDER BY at DESC LIMIT 1) AS outcome,
       coalesce(aliases.subject, log.subject) AS subject, subjects.owner_ref
FROM audit_logs log {data_types}
LEFT JOIN aliases ON aliases.pseudonym = log.subject
LEFT JOIN subjects ON subjects.subject = coalesce(aliases.subject, log.subject)
"""
_PERSON_EVENTS = """
CREATE VIEW report_person_events AS
SELECT people.owner_ref, log.event_id
FROM (SELECT owner_ref, subject FROM subjects
      WHERE NOT EXISTS (SELECT 1 FROM aliases WHERE pseudonym = subjects.subject)
      UNION ALL
      SELECT subjects.owner_ref, aliases.pseudonym FROM aliases
      JOIN subjects ON subjects.subject = aliases.subject) people
JOIN audit_logs log ON log.subject = people.subject
"""
_FLOW_DAYS = """
CREATE VIEW report_flow_days AS
SELECT day, service, recipient, purpose, country, role, host, data_type, first_seen, last_seen,
       events
FROM audit_flow_days
"""
_FLOWS = """
CREATE VIEW report_flows AS
SELECT service, recipient, data_type, first_seen, last_seen, events FROM audit_flow
"""
_PIPELINE = """
CREATE VIEW report_pipeline AS
SELECT (SELECT count(*) FROM dead_letters) AS dead_letters,
       (SELECT max(at) FROM dead_letters) AS last_dead_letter,
       (SELECT count(*) FROM gaps) AS gaps,
       (SELECT max(until) FROM gaps) AS last_gap,
       newest.timestamp AS last_event, newest.received_at AS last_received,
       {lag} AS lag_seconds,
       (SELECT max(sealed_at) FROM seal_batches) AS last_seal,
       verified.at AS last_verified, verified.problems AS verified_problems
FROM (SELECT 1 AS one) always LEFT JOIN
     (SELECT timestamp, received_at FROM audit_logs ORDER BY timestamp DESC, event_id DESC LIMIT 1)
     newest ON one = 1 LEFT JOIN
     (SELECT at, problems FROM seal_verifications ORDER BY at DESC LIMIT 1) verified ON one = 1
"""
_POSTGRESQL = {
    "data_type": "data_type",
    "data_types": "CROSS JOIN LATERAL (SELECT DISTINCT data_type FROM "
    "json_array_elements_text(log.data_types) data_type) types",
    "lag": "CAST(extract(epoch FROM newest.received_at - newest.timestamp) AS DOUBLE PRECISION)",
}
_SQLITE = {
    "data_type": "types.value AS data_type",
    "data_types": "JOIN json_each(log.data_types) types ON NOT EXISTS (SELECT 1 FROM "
    "json_each(log.data_types) other WHERE other.value = types.value AND other.key < types.key)",
    "lag": "(julianday(newest.received_at) - julianday(newest.timestamp)) * 86400.0",
}


def make(connection: Connection) -> None:
    """Make the views; the tables are there."""
    words = _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE
    for view in (_SHARES, _PERSON_EVENTS, _FLOW_DAYS, _FLOWS, _PIPELINE):
        connection.execute(text(view.format(**words).strip()))
