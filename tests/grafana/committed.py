"""The files of ``grafana/`` as they are committed, and the questions in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2] / "grafana"
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "dashboards").glob("*.json"))
}
PROVISIONING: dict[str, dict[str, Any]] = {
    str(path.relative_to(ROOT / "provisioning")): yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((ROOT / "provisioning").rglob("*.yaml"))
}
[_GROUP] = PROVISIONING["alerting/rules.yaml"]["groups"]
RULES: dict[str, dict[str, Any]] = {rule["uid"]: rule for rule in _GROUP["rules"]}
POSTGRESQL = "grafana-postgresql-datasource"


@dataclass(frozen=True)
class Question:
    """One query of a panel, a variable or a rule."""

    name: str
    """``sst-overview / TITLE / REFID``."""
    text: str
    """SQL or PromQL, macros and variables in it."""
    format: str
    """``table``, ``time_series``; ``variable`` of variables."""


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each panel after its name."""
    for uid, dashboard in DASHBOARDS.items():
        for panel in dashboard["panels"]:
            yield f"{uid} / {panel['title']}", panel


def sql() -> dict[str, Question]:
    """Return all SQL, by name."""
    found = []
    for name, panel in panels():
        for target in panel["targets"]:
            if "rawSql" in target:
                full = f"{name} / {target['refId']}"
                found.append(Question(full, target["rawSql"], target["format"]))
    for uid, dashboard in DASHBOARDS.items():
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                name = f"{uid} / variable {variable['name']}"
                found.append(Question(name, variable["query"], "variable"))
    for uid, rule in RULES.items():
        found.append(Question(f"alert / {uid}", rule["data"][0]["model"]["rawSql"], "table"))
    return {question.name: question for question in found}


def promql() -> dict[str, str]:
    """Return all PromQL of panels, by name."""
    return {
        f"{name} / {target['refId']}": target["expr"]
        for name, panel in panels()
        for target in panel["targets"]
        if "expr" in target
    }


def variables(dashboard: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a dashboard's variables by name."""
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}
