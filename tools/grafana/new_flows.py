"""What is new, what nobody knows, and what should not be: where a privacy engineer begins."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from tools.grafana.categories import protected_types, sql_list
from tools.grafana.panels import bars, number, place, rows, width
from tools.grafana.variables import built, chosen, new_dashboard, services

# A flow is new in the days since its first event; the roll-up keeps that of every day.
_FLOWS = f"""SELECT service, recipient, data_type, min(first_seen) AS first_seen,
             max(last_seen) AS last_seen, sum(events)::bigint AS events
      FROM report_flow_days
      WHERE data_type <> '' AND role <> 'first_party'
        AND {chosen("service", "service")}
      GROUP BY service, recipient, data_type
      HAVING min(first_seen) >= $__timeFrom()::timestamptz
         AND min(first_seen) <= $__timeTo()::timestamptz"""
_NEW = f"""
    SELECT first_seen, service, recipient, data_type, events, last_seen
    FROM (
      {_FLOWS}
    ) flows
    ORDER BY first_seen DESC, service, recipient, data_type
"""
_NEW_COUNT = f"""
    SELECT count(*) AS flows
    FROM (
      {_FLOWS}
    ) flows
"""
_NEW_OVER_TIME = f"""
    SELECT date_trunc('day', first_seen, 'UTC') AS time, recipient AS metric, count(*) AS flows
    FROM (
      {_FLOWS}
    ) flows
    GROUP BY 1, 2
    ORDER BY 1, 2
"""
_UNKNOWN = f"""
    SELECT host, string_agg(DISTINCT nullif(data_type, ''), ', ') AS data_types,
           string_agg(DISTINCT service, ', ') AS services, min(first_seen) AS first_seen,
           max(last_seen) AS last_seen,
           (sum(events) FILTER (WHERE data_type = ''))::bigint AS events
    FROM report_flow_days
    WHERE recipient = 'unknown'
      AND {chosen("service", "service")}
    GROUP BY host
    HAVING max(last_seen) >= $__timeFrom()::timestamptz
       AND min(first_seen) <= $__timeTo()::timestamptz
    ORDER BY min(first_seen) DESC, host
"""
_UNKNOWN_COUNT = f"""
    SELECT count(DISTINCT host) AS hosts
    FROM report_flow_days
    WHERE recipient = 'unknown' AND data_type = ''
      AND last_seen >= $__timeFrom()::timestamptz AND first_seen <= $__timeTo()::timestamptz
      AND {chosen("service", "service")}
"""


def _protected() -> str:
    return f"""
    SELECT recipient, role, country, data_type, string_agg(DISTINCT service, ', ') AS services,
           min(first_seen) AS first_seen, max(last_seen) AS last_seen,
           sum(events)::bigint AS events
    FROM report_flow_days
    WHERE data_type IN ({sql_list(protected_types())})
      AND role IN ('third_party', 'unknown')
      AND last_seen >= $__timeFrom()::timestamptz AND first_seen <= $__timeTo()::timestamptz
      AND {chosen("service", "service")}
    GROUP BY recipient, role, country, data_type
    ORDER BY max(last_seen) DESC, recipient, data_type
"""


def dashboard() -> Dashboard:
    """Return the dashboard."""
    panels = [
        number(
            "How many flows are new?",
            "Combinations of service, recipient and type of data, first seen in this time; "
            "the application's own systems left out.",
            _NEW_COUNT,
            place(0, 0, 12, 4),
            limits=[(1, "orange")],
        ),
        number(
            "How many hosts does nobody know?",
            "Hosts that got something in this time and that no entry of the register names.",
            _UNKNOWN_COUNT,
            place(12, 0, 12, 4),
            limits=[(1, "red")],
        ),
        rows(
            "Which flows are new?",
            "The first event of each, the newest first; events and the last one are of all time.",
            _NEW,
            place(0, 4, 24, 10),
            fields=[("data_type", [width(180)])],
            filterable=True,
        ),
        rows(
            "Who are the unknown recipients?",
            "Name them under `recipients` in sst.yaml, or find out why anything goes there.",
            _UNKNOWN,
            place(0, 14, 24, 8),
        ),
        rows(
            "Who got data that Art. 9 or 10 GDPR protects?",
            "Health, beliefs, biometrics, convictions and the like, at third parties and at "
            "recipients whose role is not known.",
            _protected(),
            place(0, 22, 24, 8),
        ),
        bars(
            "When did new flows begin?",
            "New combinations by day and recipient. Days are UTC.",
            _NEW_OVER_TIME,
            place(0, 30, 24, 8),
        ),
    ]
    made = new_dashboard(
        "sst-new-flows",
        "Personal data: new and unknown",
        "What goes out since lately, to whom nobody knows, and what Art. 9 and 10 GDPR protect.",
        "7d",
        panels,
    )
    return built(made.with_variable(services()))
