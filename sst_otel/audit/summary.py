"""The first screen of the page: per recipient and per data type, what, since when, how often."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sst_otel.audit.flows import WHOLE, Flow


def summarise(flows: list[Flow]) -> dict[str, list[dict[str, Any]]]:
    """Group flows by recipient and by type, the most recent first."""
    whole = [flow for flow in flows if flow.data_type == WHOLE]
    typed = [flow for flow in flows if flow.data_type != WHOLE]
    types: dict[Any, set[str]] = {}
    names: dict[str, set[str]] = {}
    for flow in typed:
        types.setdefault(flow.who, set()).add(flow.data_type)
        names.setdefault(flow.data_type, set()).add(flow.name)
    recipients = [
        {
            "recipient": who[0],
            "purpose": who[1],
            "country": who[2],
            "role": who[3],
            "data_types": sorted(types.get(who, ())),
            **counted,
        }
        for who, counted in _counted(whole, lambda flow: flow.who).items()
    ]
    data_types = [
        {"data_type": data_type, "recipients": sorted(names[data_type]), **counted}
        for data_type, counted in _counted(typed, lambda flow: flow.data_type).items()
    ]
    for rows in (recipients, data_types):
        rows.sort(key=lambda row: row["last"], reverse=True)
    return {"recipients": recipients, "data_types": data_types}


def _counted(flows: Iterable[Flow], by: Callable[[Flow], Any]) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for flow in flows:
        row = found.setdefault(by(flow), {"first": flow.first, "last": flow.last, "count": 0})
        row["first"] = min(row["first"], flow.first)
        row["last"] = max(row["last"], flow.last)
        row["count"] += flow.events
    return found
