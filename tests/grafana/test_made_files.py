"""The committed files are what ``tools/grafana`` makes, and the SDK knows every key in them."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.grafana.committed import DASHBOARDS, ROOT, RULES

pytestmark = [
    pytest.mark.stack,
    # File provisioning reads the classic form alone; the SDK would rather have the next one.
    pytest.mark.filterwarnings("ignore:Prefer using dashboardv2:DeprecationWarning"),
]


def test_every_file_is_as_it_is_made() -> None:
    from tools.grafana.files import files  # the SDK is there with the group "stack" alone

    made = files()
    assert {name: (ROOT / name).read_text("utf-8") for name in made} == made
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "dashboards").iterdir()}
    assert there == {name for name in made if name.startswith("dashboards/")}


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_a_dashboard_survives_the_sdk(uid: str) -> None:
    from grafana_foundation_sdk.models.dashboard import Dashboard

    from tools.grafana.files import current

    assert current(again(Dashboard, DASHBOARDS[uid])) == DASHBOARDS[uid]


@pytest.mark.parametrize("uid", RULES)
def test_a_rule_survives_the_sdk(uid: str) -> None:
    from grafana_foundation_sdk.models.alerting import Rule

    apart = ("folderUID", "orgID", "ruleGroup")
    found = {name: value for name, value in again(Rule, RULES[uid]).items() if name not in apart}
    assert found == RULES[uid]


def test_a_misspelt_key_does_not() -> None:
    from grafana_foundation_sdk.models.dashboard import Dashboard

    from tools.grafana.files import current

    spoilt = copy.deepcopy(DASHBOARDS["sst-overview"])
    spoilt["panels"][0]["fieldConfig"]["defaults"]["unti"] = "short"
    assert current(again(Dashboard, spoilt)) == DASHBOARDS["sst-overview"]


def again(model: Any, made: dict[str, Any]) -> Any:
    """Return what is left of JSON after the SDK has read and written it."""
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins

    register_default_plugins()
    return json.loads(json.dumps(model.from_json(made), cls=JSONEncoder))
