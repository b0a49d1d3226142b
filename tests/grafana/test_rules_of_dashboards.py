"""The rules of Grafana's dashboard-linter that do not need PromQL's labels, and a few of ours."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest

from sst_otel.audit.views import NAMES
from tests.grafana.committed import DASHBOARDS, POSTGRESQL, panels, promql, sql, variables

PANELS = dict(panels())
_USED = re.compile(r"\$\{(\w+)[:}]")
_COLUMNS = 24


@pytest.fixture(params=DASHBOARDS)
def dashboard(request: pytest.FixtureRequest) -> dict[str, Any]:
    return DASHBOARDS[request.param]


@pytest.fixture(params=PANELS)
def panel(request: pytest.FixtureRequest) -> dict[str, Any]:
    return PANELS[request.param]


def test_nobody_edits_what_is_provisioned(dashboard: dict[str, Any]) -> None:
    assert dashboard["editable"] is False
    assert "id" not in dashboard


def test_classic_schema_that_file_provisioning_reads(dashboard: dict[str, Any]) -> None:
    assert dashboard["schemaVersion"] == 42
    assert "apiVersion" not in dashboard
    assert "spec" not in dashboard


def test_uid_title_and_description(dashboard: dict[str, Any]) -> None:
    assert dashboard["uid"].startswith("sst-")
    assert len(dashboard["uid"]) <= 40
    assert dashboard["title"]
    assert dashboard["description"]


def test_data_sources_are_variables(dashboard: dict[str, Any]) -> None:
    by_name = variables(dashboard)
    assert by_name["audit"]["query"] == POSTGRESQL
    for panel in dashboard["panels"]:
        for source in (panel["datasource"], *(each["datasource"] for each in panel["targets"])):
            name = source["uid"].removeprefix("${").removesuffix("}")
            assert by_name[name]["type"] == "datasource"
            assert by_name[name]["query"] == source["type"]


def test_chosen_lists_follow_the_time_range(dashboard: dict[str, Any]) -> None:
    for variable in variables(dashboard).values():
        if variable["type"] == "query":
            assert variable["refresh"] == 2
            assert variable["allValue"] == "'*'"


def test_every_variable_that_is_used_is_there_and_the_other_way_round(
    dashboard: dict[str, Any],
) -> None:
    used = set(_USED.findall(str(dashboard["panels"]))) - {"__value"}
    asked = _USED.findall(str([each.get("datasource") for each in variables(dashboard).values()]))
    assert used | set(asked) == set(variables(dashboard)) - _unused(dashboard)


def _unused(dashboard: dict[str, Any]) -> set[str]:
    """Return what only some dashboards need: none of the pipeline's tables lead to a trace."""
    return set() if any("${audit}" in str(each) for each in dashboard["panels"]) else {"audit"}


def test_panels_have_numbers_of_their_own(dashboard: dict[str, Any]) -> None:
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_panels_do_not_lie_on_each_other(dashboard: dict[str, Any]) -> None:
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    for place in places:
        assert place["x"] + place["w"] <= _COLUMNS
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below


def test_a_panel_asks_something_and_says_what(panel: dict[str, Any]) -> None:
    assert panel["title"].endswith("?")
    assert panel["description"].endswith(".")
    assert panel["targets"]
    refs = [target["refId"] for target in panel["targets"]]
    assert len(refs) == len(set(refs))


def test_figures_have_a_unit(panel: dict[str, Any]) -> None:
    if panel["type"] in ("stat", "timeseries"):
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_columns_that_are_particular_are_there(panel: dict[str, Any]) -> None:
    asked = " ".join(target.get("rawSql", "") for target in panel["targets"])
    for override in panel.get("fieldConfig", {}).get("overrides", ()):
        assert re.search(rf"\b{override['matcher']['options']}\b", asked)


def test_sql_reads_views_for_readers_alone() -> None:
    for name, question in sql().items():
        read = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", question.text))
        assert read <= {*NAMES, "shared", "largest", "now"}, name


def test_metrics_are_asked_as_rates_where_they_only_grow() -> None:
    for name, expression in promql().items():
        for counter in re.findall(r"\w+(?:_total|_log_records)\b", expression):
            assert f"rate({counter}[5m])" in expression, name


def test_links_lead_to_dashboards_that_exist() -> None:
    for uid in re.findall(r"/d/([\w-]+)", str(DASHBOARDS)):
        assert uid in DASHBOARDS
