"""One person's recipients: what Art. 15 GDPR asks for, by name where there is one (C-154/21)."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from tools.grafana.panels import bars, number, place, rows, trace, width
from tools.grafana.variables import built, jaeger, new_dashboard, words

# By their ids, which indexes find: the views of shares would be searched for the person.
_THEIRS = """event_id IN (
        SELECT event_id FROM report_person_events WHERE owner_ref = ${person:sqlstring}
      )
      AND $__timeFilter(ts)"""
_COUNT = f"""
    SELECT count(DISTINCT recipient) AS recipients
    FROM report_shares
    WHERE role <> 'first_party'
      AND {_THEIRS}
"""
_RECIPIENTS = f"""
    SELECT recipient, purpose, country, role,
           string_agg(DISTINCT data_type, ', ') AS data_types,
           min(ts) AS first, max(ts) AS last, count(DISTINCT event_id) AS events
    FROM report_shares
    WHERE {_THEIRS}
    GROUP BY recipient, purpose, country, role
    ORDER BY max(ts) DESC, recipient
"""
_TYPES = f"""
    SELECT data_type, string_agg(DISTINCT recipient, ', ') AS recipients,
           min(ts) AS first, max(ts) AS last, count(DISTINCT event_id) AS events
    FROM report_shares
    WHERE {_THEIRS}
    GROUP BY data_type
    ORDER BY data_type
"""
_OVER_TIME = f"""
    SELECT date_trunc('day', ts, 'UTC') AS time, recipient AS metric,
           count(DISTINCT event_id) AS events
    FROM report_shares
    WHERE {_THEIRS}
    GROUP BY 1, 2
    ORDER BY 1, 2
"""
_EVENTS = f"""
    SELECT ts, destination, recipient, data_type, service, route, outcome, trace_id, event_id
    FROM report_shares
    WHERE {_THEIRS}
    ORDER BY ts DESC, event_id, data_type
    LIMIT 500
"""


def dashboard() -> Dashboard:
    """Return the dashboard."""
    panels = [
        number(
            "How many others got this person's data?",
            "Recipients outside the application's own systems.",
            _COUNT,
            place(0, 0, 6, 8),
        ),
        bars(
            "When?",
            "Events of this person by day and recipient. Days are UTC.",
            _OVER_TIME,
            place(6, 0, 18, 8),
        ),
        rows(
            "Who got what of this person?",
            "The answer to a request under Art. 15 GDPR: actual recipients, with purpose, country, "
            "kinds of data, and the first and the last time.",
            _RECIPIENTS,
            place(0, 8, 24, 9),
            fields=[("data_types", [width(420)])],
        ),
        rows(
            "Where did each kind of data go?",
            "The same, by kind of data.",
            _TYPES,
            place(0, 17, 24, 8),
            fields=[("recipients", [width(420)])],
        ),
        rows(
            "Which events were it?",
            "A row for each event and type, the newest 500; the trace shows the request around it.",
            _EVENTS,
            place(0, 25, 24, 10),
            fields=[trace()],
        ),
    ]
    made = new_dashboard(
        "sst-person",
        "Personal data: one person",
        "Who got whose data: everything that was shared of one person.",
        "365d",
        panels,
    )
    person = words(
        "person",
        "Person",
        "Pseudonym of the person (owner_ref): enduser.pseudo.id in traces, or what "
        "sst-otel events --owner-id ID --format json names.",
    )
    return built(made.with_variable(person).with_variable(jaeger()))
