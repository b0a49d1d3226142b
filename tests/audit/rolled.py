"""The roll-up of a store, kept and counted anew, to be compared."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import text

from sst_otel.audit import flows
from sst_otel.audit.store import Store

Rolled = dict[tuple[str, ...], tuple[float, float, int]]


def counted(store: Store) -> Rolled:
    """Return the flows counted from the events."""
    with store.reading() as connection:
        return _by_key(flows.among(connection, [text("1 = 1")]))


def by_rows(store: Store) -> Rolled:
    """Return the flows counted from the rows, of events and of their data alike."""
    query = text("SELECT recipient_name, count(*) FROM audit_logs GROUP BY recipient_name")
    by_type = text(
        "SELECT data_type, count(DISTINCT event_id) FROM audit_log_records GROUP BY data_type"
    )
    with store.reading() as connection:
        found = flows.among(connection, [text("1 = 1")])
        events = {row[0]: row[1] for row in connection.execute(query)}
        types = {row[0]: row[1] for row in connection.execute(by_type)}
    whole, typed = Counter[str](), Counter[str]()
    for flow in found:
        if flow.data_type == flows.WHOLE:
            whole[flow.name] += flow.events
        else:
            typed[flow.data_type] += flow.events
    assert (whole, typed) == (events, types)
    return _by_key(found)


def _by_key(found: list[flows.Flow]) -> Rolled:
    return {
        (*flow.who, flow.host, flow.data_type): (flow.first, flow.last, flow.events)
        for flow in found
    }


def rolled_up(store: Store) -> Rolled:
    with store.reading() as connection:
        return _by_key(flows.kept(connection))
