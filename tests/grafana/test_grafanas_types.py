"""The committed dashboards have the types, units and transformations that Grafana 13.2 knows."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.committed import DASHBOARDS, panels
from tests.grafana.node_tools import HERE, installed, run

pytestmark = pytest.mark.stack

Spoil = Callable[[dict[str, Any]], object]
SPOILT: dict[str, Spoil] = {
    "a kind of panel": lambda made: made["panels"][0].update(type="stats"),
    "an enum": lambda made: made["panels"][0]["options"].update(colorMode="colour"),
    "a type": lambda made: made["panels"][0]["gridPos"].update(w="6"),
    "a key of a field": lambda made: made["panels"][4]["fieldConfig"]["defaults"]["custom"].update(
        drawstyle="bars"
    ),
    "a key that is gone": lambda made: made["panels"][5]["options"].update(footer={}),
    "a variable": lambda made: made["templating"]["list"][0].update(type="sources"),
    "a query": lambda made: made["panels"][0]["targets"][0].update(sql="SELECT 1"),
}


def complaints(folder: Path, dashboards: list[dict[str, Any]]) -> list[str]:
    """Return what TypeScript says of the dashboards, written as literals of Grafana's types."""
    (folder / "node_modules").symlink_to(installed() / "node_modules")
    for name in ("shapes.ts", "tsconfig.json"):
        shutil.copy(HERE / name, folder)
    lines = ["import type { Shape } from './shapes';"]
    lines += [
        f"export const made{at} = {json.dumps(one, indent=1)} satisfies Shape;"
        for at, one in enumerate(dashboards)
    ]
    (folder / "made.ts").write_text("\n".join(lines), encoding="utf-8")
    done = run(folder, "node_modules/typescript/bin/tsc", "-p", ".")
    said = [line for line in done.stdout.splitlines() if "error" in line]
    assert bool(said) == bool(done.returncode), done.stdout + done.stderr
    return said


def test_types(tmp_path: Path) -> None:
    assert complaints(tmp_path, list(DASHBOARDS.values())) == []


@pytest.mark.parametrize("what", SPOILT)
def test_spoilt_ones_are_found(tmp_path: Path, what: str) -> None:
    made = copy.deepcopy(DASHBOARDS["sst-overview"])
    SPOILT[what](made)
    [complaint, *_] = complaints(tmp_path, [made])
    assert complaint.startswith("made.ts(")


def test_units_and_transformations() -> None:
    shown = run(installed(), str(HERE / "ids.cjs"))
    assert shown.returncode == 0, shown.stderr
    known = json.loads(shown.stdout)
    assert len(known["units"]) > 200
    units: set[str] = set()
    transformations: set[str] = set()
    for _, panel in panels():
        config = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
        units.add(config["defaults"].get("unit", "none"))
        for override in config["overrides"]:
            units.update(each["value"] for each in override["properties"] if each["id"] == "unit")
        transformations.update(each["id"] for each in panel.get("transformations", ()))
    assert units <= set(known["units"])
    assert transformations
    assert transformations <= set(known["transformations"])
