"""What every dashboard lets the reader choose, and the frame around its panels."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardLinkType,
    Panel,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from tools.grafana.targets import AUDIT, AUDIT_UID, METRICS_UID, POSTGRESQL

TAG = "sst"
JAEGER = "http://127.0.0.1:16686"
"""Where ``docker compose up`` and ``make stack`` have Jaeger; the reader may write another."""
_ALL = "'*'"


def new_dashboard(
    uid: str, title: str, description: str, since: str, panels: Sequence[Builder[Panel]]
) -> builders.Dashboard:
    """Return a dashboard of the last ``since`` (``30d``), with links to the others."""
    made = builders.Dashboard(title).uid(uid).description(description).tags([TAG]).readonly()
    made.time(f"now-{since}", "now").timezone("browser").refresh("")
    others = builders.DashboardLink("Personal data").type(DashboardLinkType.DASHBOARDS)
    made.link(others.tags([TAG]).as_dropdown(True).keep_time(True))
    made.with_variable(source("audit", "Audit store", POSTGRESQL, AUDIT_UID))
    for panel in panels:
        made.with_panel(panel)
    return made


def built(dashboard: builders.Dashboard) -> Dashboard:
    """Return the dashboard with its panels numbered from 1, in the order they were added."""
    made = dashboard.build()
    for number, panel in enumerate(made.panels or (), 1):
        panel.id_val = number
    return made


def source(name: str, label: str, kind: str, uid: str) -> Builder[VariableModel]:
    """Let the reader choose the data source; the provisioned one is chosen first."""
    variable = builders.DatasourceVariable(name).label(label).type(kind).multi(False)
    return variable.current(VariableOption(selected=True, text=uid, value=uid))


def metrics() -> Builder[VariableModel]:
    """Let the reader choose where the pipeline's metrics are."""
    return source("metrics", "Metrics", "prometheus", METRICS_UID)


def choice(name: str, label: str, sql: str) -> Builder[VariableModel]:
    """Let the reader choose any of what ``sql`` gives; see :func:`chosen`."""
    variable = builders.QueryVariable(name).label(label).datasource(AUDIT).query(sql)
    variable.multi(True).include_all(True).all_value(_ALL)
    variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    return variable.current(VariableOption(selected=True, text=["All"], value=["$__all"]))


def chosen(name: str, column: str) -> str:
    """Return the condition that ``column`` is among what is chosen; all is chosen as ``'*'``.

    Not a list of all there is: that would be empty, and no SQL, as long as the store is.
    """
    picked = f"(${{{name}:sqlstring}})"
    return f"('*' IN {picked} OR {column} IN {picked})"


def words(name: str, label: str, description: str, default: str = "") -> Builder[VariableModel]:
    """Let the reader write something."""
    variable = builders.TextBoxVariable(name).label(label).description(description)
    current = VariableOption(selected=True, text=default, value=default)
    return variable.default_value(default).current(current)


def written(name: str, column: str) -> str:
    """Return the condition that ``column`` is what was written, if anything was."""
    return f"(${{{name}:sqlstring}} = '' OR {column} = ${{{name}:sqlstring}})"


def jaeger() -> Builder[VariableModel]:
    """Let the reader say where Jaeger is."""
    return words("jaeger", "Jaeger", "Address of Jaeger's pages, for the links to traces.", JAEGER)


def services() -> Builder[VariableModel]:
    """Let the reader choose among the services that shared something."""
    return choice("service", "Service", "SELECT DISTINCT service FROM report_flows ORDER BY 1")
