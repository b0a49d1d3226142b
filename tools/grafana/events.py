"""The events themselves, filtered, each with the way to its trace."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from tools.grafana.panels import link, place, rows, trace, width
from tools.grafana.variables import (
    built,
    choice,
    chosen,
    jaeger,
    new_dashboard,
    services,
    words,
    written,
)

_MOST = 1_000
_PERSON_LINK = "/d/sst-person?var-person=${__value.raw}"
_EVENTS = f"""
    SELECT ts, service, route, event_type, destination, recipient, purpose, country, role,
           data_type, outcome, owner_ref, trace_id, event_id
    FROM report_shares
    WHERE $__timeFilter(ts)
      AND {chosen("service", "service")}
      AND {chosen("recipient", "recipient")}
      AND {chosen("data_type", "data_type")}
      AND {written("trace_id", "trace_id")}
      AND {written("event_id", "event_id")}
    ORDER BY ts DESC, event_id, data_type
    LIMIT {_MOST}
"""


def dashboard() -> Dashboard:
    """Return the dashboard."""
    panels = [
        rows(
            "What was shared?",
            f"A row for each event and type of data, the newest {_MOST:,}. The trace shows the "
            "request around it, the person everything else of them.",
            _EVENTS,
            place(0, 0, 24, 24),
            fields=[
                trace(),
                ("owner_ref", [link("Everything of this person", _PERSON_LINK), width(240)]),
            ],
            filterable=True,
        )
    ]
    made = new_dashboard(
        "sst-events",
        "Personal data: events",
        "Every share, one row for each type of data, with filters and the trace behind it.",
        "24h",
        panels,
    )
    recipients = "SELECT DISTINCT recipient FROM report_flows ORDER BY 1"
    types = "SELECT DISTINCT data_type FROM report_flows ORDER BY 1"
    made.with_variable(services())
    made.with_variable(choice("recipient", "Recipient", recipients))
    made.with_variable(choice("data_type", "Data type", types))
    made.with_variable(words("trace_id", "Trace", "Id of one trace; empty for all."))
    made.with_variable(words("event_id", "Event", "Id of one event; empty for all."))
    return built(made.with_variable(jaeger()))
