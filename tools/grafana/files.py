"""All files that are made of this code, by their path below ``grafana/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tools.grafana import alerts, events, new_flows, overview, person, pipeline

ROOT = Path(__file__).resolve().parents[2] / "grafana"


class _Dumper(yaml.SafeDumper):
    """Writes SQL as it is read: a line a line."""


def _as_read(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _as_read)
_HEAD = "# Made by python -m tools.grafana of tools/grafana/alerts.py.\n"


def dashboards() -> list[Dashboard]:
    """Return all dashboards."""
    return [one.dashboard() for one in (overview, new_flows, person, events, pipeline)]


def files() -> dict[str, str]:
    """Return path to text."""
    made = {f"dashboards/{one.uid}.json": _text_of(current(_plain(one))) for one in dashboards()}
    return {**made, "provisioning/alerting/rules.yaml": _alerting()}


def current(dashboard: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the SDK still writes and Grafana 13 has no more; changes ``dashboard``."""
    for variable in dashboard["templating"]["list"]:
        for gone in ("auto", "auto_count", "auto_min"):
            variable.pop(gone, None)
    for panel in dashboard["panels"]:
        if panel["type"] == "table":
            panel["options"].pop("footer", None)
    return dashboard


def _alerting() -> str:
    """Return the rules as file provisioning has them, which is not quite as the API does."""
    apart = ("folderUID", "orgID", "ruleGroup")
    rules = [_plain(rule) for rule in alerts.rules()]
    kept = [{name: rule[name] for name in rule if name not in apart} for rule in rules]
    group = {"orgId": 1, "name": "personal data", "folder": alerts.FOLDER, "interval": "5m"}
    made = {"apiVersion": 1, "groups": [{**group, "rules": kept}]}
    return _HEAD + yaml.dump(made, Dumper=_Dumper, sort_keys=False, width=1_000)


def _plain(made: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(made, cls=JSONEncoder, sort_keys=True))
    return plain


def _text_of(made: dict[str, Any]) -> str:
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
