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


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
_HEAD = "# Made by python -m tools.grafana of tools/grafana/alerts.py.\n"


def dashboards() -> list[Dashboard]:
    """Return all dashboards."""
    return [one.dashboard() for one in (overview, new_flows, person, events, pipeline)]


def files() -> dict[str, str]:
    """Return path to text."""
    made = {f"dashboards/{one.uid}.json": _json(one) + "\n" for one in dashboards()}
    return {**made, "provisioning/alerting/rules.yaml": _alerting()}


def _alerting() -> str:
    """Return the rules as file provisioning has them, which is not quite as the API does."""
    apart = ("folderUID", "orgID", "ruleGroup")
    rules = [json.loads(_json(rule)) for rule in alerts.rules()]
    kept = [{name: rule[name] for name in rule if name not in apart} for rule in rules]
    group = {"orgId": 1, "name": "personal data", "folder": alerts.FOLDER, "interval": "5m"}
    made = {"apiVersion": 1, "groups": [{**group, "rules": kept}]}
    return _HEAD + yaml.dump(made, Dumper=_Dumper, sort_keys=False, width=1_000)


def _json(made: Any) -> str:
    return json.dumps(made, cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True)
