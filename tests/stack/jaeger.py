"""What Jaeger tells of a trace, by the one form of its API that all of its versions have."""

from __future__ import annotations

import json
from typing import Any

import requests


def shares_in(address: str, trace_id: str) -> list[str]:
    """Return ``sst.event.id`` of each share event of a trace; empty while there is no trace.

    ``address``: of Jaeger, without a path.
    """
    found = requests.get(f"{address}/api/v3/traces/{trace_id}", timeout=20)
    if found.status_code == 404:
        return []
    # 2.13 answers unknown paths with 200 and a page: what is no JSON is no answer.
    answer = json.loads(found.text)
    return [
        value
        for spans in answer["result"]["resourceSpans"]
        for scope in spans["scopeSpans"]
        for span in scope["spans"]
        for event in span.get("events", [])
        if event["name"] == "sst.data.share"
        for value in _texts(event["attributes"], "sst.event.id")
    ]


def _texts(attributes: list[dict[str, Any]], key: str) -> list[str]:
    return [str(one["value"]["stringValue"]) for one in attributes if one["key"] == key]
