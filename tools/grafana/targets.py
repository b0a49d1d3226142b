"""What a panel asks: SQL of the audit store's views for readers, PromQL of the pipeline's metrics.

The foundation SDK has no builder for SQL data sources; :class:`Sql` is what their editor saves.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

POSTGRESQL = "grafana-postgresql-datasource"
AUDIT_UID = "sst-audit"
METRICS_UID = "sst-prometheus"

AUDIT = DataSourceRef(type_val=POSTGRESQL, uid="${audit}")
"""The source that the variable ``audit`` of every dashboard names."""
METRICS = DataSourceRef(type_val="prometheus", uid="${metrics}")


@dataclass
class SqlQuery(Dataquery):
    """One query of a PostgreSQL data source, as its editor saves it in code mode."""

    sql: str
    ref_id: str = "A"
    format: str = "table"
    """``table`` or ``time_series``: then a column ``time``, and ``metric`` names the series."""
    source: DataSourceRef = AUDIT

    def to_json(self) -> dict[str, Any]:
        """Return the query's JSON."""
        return {
            "datasource": self.source,
            "editorMode": "code",
            "format": self.format,
            "rawQuery": True,
            "rawSql": self.sql,
            "refId": self.ref_id,
        }


class Sql(Builder[Dataquery]):
    """Builds a :class:`SqlQuery`; the text may be indented as a whole."""

    def __init__(
        self, sql: str, ref_id: str = "A", *, series: bool = False, source: DataSourceRef = AUDIT
    ) -> None:
        kind = "time_series" if series else "table"
        self._query = SqlQuery(textwrap.dedent(sql).strip(), ref_id, kind, source)

    def build(self) -> Dataquery:
        """Return the query."""
        return self._query


def promql(expression: str, legend: str, ref_id: str = "A") -> prometheus.Dataquery:
    """Return a range query of the metrics."""
    query = prometheus.Dataquery().datasource(METRICS).expr(expression)
    return query.legend_format(legend).ref_id(ref_id).range()
