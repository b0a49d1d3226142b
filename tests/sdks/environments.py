"""The environments of vendors' packages: ``python -m tests.sdks.environments`` locks them anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.isolated import Isolated, resolve

HERE = Path(__file__).parent
_PYTHON = "3.11"
"""The oldest that the newest SDKs install on."""


def requirements() -> dict[str, list[str]]:
    """Return the pinned distributions of each environment."""
    entries: dict[str, dict[str, Any]] = yaml.safe_load(
        (HERE / "environments.yaml").read_text(encoding="utf-8")
    )
    return {name: entry["requires"] for name, entry in entries.items()}


def environment(name: str) -> Isolated:
    """Return one environment by its name."""
    return Isolated(f"sdks-{name}", f">={_PYTHON}", HERE / "locks" / f"{name}.txt")


if __name__ == "__main__":
    for each, requires in requirements().items():
        resolve(requires, environment(each).lock_file, "highest", _PYTHON)
