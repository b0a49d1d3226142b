"""Panels as all dashboards have them: a question as title, what it answers as description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import common, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders.prometheus import Dataquery as Promql
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    GridPos,
    Panel,
    Threshold,
    ThresholdsMode,
)

from tools.grafana.targets import AUDIT, METRICS, Sql

TRACE_LINK = "${jaeger}/trace/${__value.raw}"
"""Where a trace is looked at: the variable ``jaeger`` of the dashboard is Jaeger's address."""


def place(x: int, y: int, width: int, height: int) -> GridPos:
    """Return a place on the grid of 24 columns."""
    return GridPos(h=height, w=width, x=x, y=y)


def number(
    title: str,
    description: str,
    sql: str,
    where: GridPos,
    *,
    unit: str = units.Short,
    limits: Sequence[tuple[float, str]] = (),
) -> Builder[Panel]:
    """Return one figure; from each of ``limits`` on it has the colour beside it."""
    panel = stat.Panel().title(title).description(description).datasource(AUDIT).grid_pos(where)
    panel.with_target(Sql(sql)).unit(unit).no_value("0")
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    panel.graph_mode(options.BigValueGraphMode.NONE)
    panel.color_mode(options.BigValueColorMode.VALUE)
    steps = [Threshold(value=None, color="text" if not limits else "green")]
    steps += [Threshold(value=limit, color=color) for limit, color in limits]
    return panel.thresholds(builders.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))


def rows(
    title: str,
    description: str,
    sql: str,
    where: GridPos,
    *,
    fields: Sequence[tuple[str, Sequence[DynamicConfigValue]]] = (),
    filterable: bool = False,
) -> table.Panel:
    """Return a table; ``fields`` are columns with what is particular about them."""
    panel = table.Panel().title(title).description(description).datasource(AUDIT).grid_pos(where)
    panel.with_target(Sql(sql)).filterable(filterable)
    for name, properties in fields:
        panel.override_by_name(name, list(properties))
    return panel


def bars(
    title: str, description: str, sql: str, where: GridPos, *, unit: str = units.Short
) -> Builder[Panel]:
    """Return stacked bars over time, a series a ``metric``."""
    panel = timeseries.Panel().title(title).description(description).datasource(AUDIT)
    panel.with_target(Sql(sql, series=True)).grid_pos(where).unit(unit).min(0)
    panel.draw_style(options.GraphDrawStyle.BARS).fill_opacity(70).line_width(1)
    panel.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL).group("A"))
    panel.color_scheme(builders.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    return panel.legend(_legend())


def lines(
    title: str, description: str, queries: Sequence[Promql], where: GridPos, *, unit: str
) -> Builder[Panel]:
    """Return lines over time from the metrics."""
    panel = timeseries.Panel().title(title).description(description).datasource(METRICS)
    for query in queries:
        panel.with_target(query)
    panel.grid_pos(where).unit(unit).min(0).fill_opacity(10).line_width(1)
    return panel.legend(_legend())


def unit(name: str) -> DynamicConfigValue:
    """Let a column be shown in this unit."""
    return DynamicConfigValue(id_val="unit", value=name)


def width(pixels: int) -> DynamicConfigValue:
    """Let a column be this wide."""
    return DynamicConfigValue(id_val="custom.width", value=pixels)


def link(title: str, url: str) -> DynamicConfigValue:
    """Let each value of a column lead to ``url``; ``${__value.raw}`` in it is the value."""
    return DynamicConfigValue(
        id_val="links", value=[{"title": title, "url": url, "targetBlank": True}]
    )


def trace() -> tuple[str, list[DynamicConfigValue]]:
    """Return the column ``trace_id`` with its way to Jaeger."""
    return "trace_id", [link("Trace in Jaeger", TRACE_LINK), width(300)]


def _legend() -> Any:
    legend = common.VizLegendOptions().show_legend(True).placement(options.LegendPlacement.RIGHT)
    return legend.display_mode(options.LegendDisplayMode.TABLE).calcs(["sum"])
