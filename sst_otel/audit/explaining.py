"""Why an event was reported: its findings one by one, each with its reason and its line."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from sst_otel.audit import models
from sst_otel.audit.lineage_queries import MAX_TAGS, walk
from sst_otel.audit.people import People
from sst_otel.matching.reasons import reasons
from sst_otel.tags import ERASED

_LOGS = models.AuditLog.__table__.c
_KEPT = ("tag_id", "data_type", "sources", "transformations", "first_seen", "depth")


def findings(
    connection: Connection, event: dict[str, Any], people: People, allowed: list[Any]
) -> list[dict[str, Any]]:
    """Return the findings of an event of the API, in its order.

    Each has ``tag_id, data_type, evidence, path, rule, bits, key`` (None where not recorded),
    ``sources``, ``transformations`` and ``ancestors``, nearest first; these are empty for a tag
    that is gone because its person was erased. ``allowed``: conditions on provenance records.
    """
    query = select(_LOGS.data_types, _LOGS.records).where(_LOGS.event_id == event["event_id"])
    row = connection.execute(query).first()
    if row is None:  # removed since it was read
        return []
    columns = (row[0], row[1], event["tag_ids"], event["evidence"], event["paths"])
    noted = reasons(event["metadata"], len(event["tag_ids"]))
    room = MAX_TAGS
    found = []
    for reason, data_type, record, tag_id, evidence, path in zip(noted, *columns, strict=True):
        line: list[dict[str, Any]] = []
        if tag_id != ERASED and room > 0:
            line, _ = walk(connection, record, people, allowed, up=True)
            room -= len(line)
        own = line[0] if line else {}
        found.append(
            {
                "tag_id": tag_id,
                "data_type": data_type,
                "evidence": evidence,
                "path": path,
                "rule": reason.get("rule"),
                "bits": reason.get("bits"),
                "key": reason.get("key"),
                "sources": own.get("sources", []),
                "transformations": own.get("transformations", []),
                "ancestors": [{name: one[name] for name in _KEPT} for one in line[1:]],
            }
        )
    return found
