"""What Grafana makes of a query before PostgreSQL sees it.

Macros as in the documentation of the PostgreSQL data source; ``${name:sqlstring}`` as in that of
variables: each chosen value in quotes, quotes in it doubled, commas between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

_FILTER = re.compile(r"\$__timeFilter\(([^()]+)\)")
_VARIABLE = re.compile(r"\$\{(\w+):sqlstring\}")
ALL = ("*",)
"""What a variable of ours stands for while nothing is chosen: its ``allValue``."""


def expanded(
    sql: str, since: float, until: float, values: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Return ``sql`` for this time range (epoch seconds) and these values of variables.

    A variable that is not given is as it is when the dashboard opens: all, or nothing written.
    Raises ``ValueError`` for a macro or a variable that is left.
    """
    chosen = values or {}
    begin, end = _quoted(_moment(since)), _quoted(_moment(until))
    sql = _FILTER.sub(lambda found: f"{found[1]} BETWEEN {begin} AND {end}", sql)
    sql = sql.replace("$__timeFrom()", begin).replace("$__timeTo()", end)
    sql = _VARIABLE.sub(lambda found: _listed(chosen.get(found[1], _opening(found[1]))), sql)
    if "$" in sql:
        raise ValueError(f"not expanded: {sql[sql.index('$') :][:40]}")
    return sql


def _opening(name: str) -> Sequence[str]:
    return ("",) if name in ("person", "trace_id", "event_id") else ALL


def _listed(values: Sequence[str]) -> str:
    return ",".join(_quoted(value) for value in values)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _moment(at: float) -> str:
    moment = datetime.fromtimestamp(at, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
