"""The overview: how much went to whom, of what kind, from which service.

All of it reads the roll-up by day, so that a year of events costs no more than the days asked for;
days at the edge of the time range count whole.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders import nodegraph
from grafana_foundation_sdk.models.dashboard import Dashboard, DataTransformerConfig

from tools.grafana.panels import bars, number, place, rows
from tools.grafana.targets import AUDIT, Sql
from tools.grafana.variables import built, chosen, new_dashboard, services

_LARGEST = 10
_DAYS = f"""day >= date_trunc('day', $__timeFrom()::timestamptz, 'UTC')
  AND day <= $__timeTo()::timestamptz
  AND {chosen("service", "service")}"""
_EVENTS = f"""
    SELECT coalesce(sum(events), 0)::bigint AS events
    FROM report_flow_days
    WHERE data_type = ''
      AND {_DAYS}
"""
_RECIPIENTS = f"""
    SELECT count(DISTINCT recipient) AS recipients
    FROM report_flow_days
    WHERE data_type = '' AND recipient <> 'unknown' AND role <> 'first_party'
      AND {_DAYS}
"""
_TYPES = f"""
    SELECT count(DISTINCT data_type) AS types
    FROM report_flow_days
    WHERE data_type <> '' AND role <> 'first_party'
      AND {_DAYS}
"""
_UNKNOWN = f"""
    SELECT count(DISTINCT host) AS hosts
    FROM report_flow_days
    WHERE data_type = '' AND recipient = 'unknown'
      AND {_DAYS}
"""
_OVER_TIME = f"""
    WITH shared AS (
      SELECT day, recipient, sum(events) AS events
      FROM report_flow_days
      WHERE data_type = ''
        AND {_DAYS}
      GROUP BY day, recipient
    ), largest AS (
      SELECT recipient FROM shared GROUP BY recipient
      ORDER BY sum(events) DESC, recipient LIMIT {_LARGEST}
    )
    SELECT day AS time,
           CASE WHEN recipient IN (SELECT recipient FROM largest) THEN recipient
                ELSE 'all others' END AS metric,
           sum(events)::bigint AS events
    FROM shared
    GROUP BY 1, 2
    ORDER BY 1, 2
"""
_MATRIX = f"""
    SELECT data_type, recipient, sum(events)::bigint AS events
    FROM report_flow_days
    WHERE data_type <> ''
      AND {_DAYS}
    GROUP BY data_type, recipient
    ORDER BY data_type, recipient
"""
# A service and a recipient may have one name: the ids say which is meant.
_NODES = f"""
    WITH shared AS (
      SELECT service, recipient, events
      FROM report_flow_days
      WHERE data_type = ''
        AND {_DAYS}
    )
    SELECT 'service ' || service AS id, service AS title, 'service' AS subtitle,
           sum(events)::bigint AS mainstat, 'blue' AS color
    FROM shared GROUP BY service
    UNION ALL
    SELECT 'recipient ' || recipient, recipient, 'recipient', sum(events)::bigint,
           CASE recipient WHEN 'unknown' THEN 'red' ELSE 'green' END
    FROM shared GROUP BY recipient
    ORDER BY id
"""
_EDGES = f"""
    SELECT service || ' to ' || recipient AS id, 'service ' || service AS source,
           'recipient ' || recipient AS target, sum(events)::bigint AS mainstat
    FROM report_flow_days
    WHERE data_type = ''
      AND {_DAYS}
    GROUP BY service, recipient
    ORDER BY id
"""


def dashboard() -> Dashboard:
    """Return the dashboard."""
    graph = nodegraph.Panel().title("From which service to whom?").datasource(AUDIT)
    graph.description("Each service and each recipient; the arrows say how many events went.")
    graph.with_target(Sql(_NODES, "nodes")).with_target(Sql(_EDGES, "edges"))
    graph.grid_pos(place(0, 24, 24, 13))
    matrix = rows(
        "What did each recipient get?",
        "Events by type of data and recipient; a call with three types counts once in each.",
        _MATRIX,
        place(0, 14, 24, 10),
    )
    matrix.with_transformation(
        DataTransformerConfig(
            id_val="groupingToMatrix",
            options={
                "rowField": "data_type",
                "columnField": "recipient",
                "valueField": "events",
                "emptyValue": "empty",
            },
        )
    )
    panels = [
        number(
            "How often was something shared?",
            "Outgoing calls that carried personal data, one event a call and person.",
            _EVENTS,
            place(0, 0, 6, 4),
        ),
        number(
            "How many others got something?",
            "Recipients that are known by name, the application's own systems left out.",
            _RECIPIENTS,
            place(6, 0, 6, 4),
        ),
        number(
            "How many kinds of data?",
            "Types of personal data that left the application's own systems.",
            _TYPES,
            place(12, 0, 6, 4),
        ),
        number(
            "How many hosts nobody knows?",
            "Hosts that got something and that no entry of the register names.",
            _UNKNOWN,
            place(18, 0, 6, 4),
            limits=[(1, "red")],
        ),
        bars(
            "Who got how much over time?",
            f"Events by day; the {_LARGEST} largest recipients by name. Days are UTC.",
            _OVER_TIME,
            place(0, 4, 24, 10),
        ),
        matrix,
        graph,
    ]
    made = new_dashboard(
        "sst-overview",
        "Personal data: overview",
        "Who got personal data, of what kind, how often, from which service.",
        "30d",
        panels,
    )
    return built(made.with_variable(services()))
