"""Other people's environments: found or made by uv, kept as long as their lock does not change.

``python -m tests.compat.environments`` resolves ``environments.yaml`` into ``locks/`` again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.isolated import Isolated, resolve

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Environment:
    """One entry of ``environments.yaml``."""

    name: str
    about: str
    python: str
    """Versions, as PEP 440 has it."""
    lock: str
    requires: Sequence[str]
    resolution: str = "highest"
    without: Sequence[str] = ()
    """Files of our own tests that use what its libraries do not have yet."""
    site: Sequence[Mapping[str, str]] = ()
    """``{file, text, other}``: what is changed in the example site."""
    destinations: Mapping[str, str] = field(default_factory=dict)
    """Destination in the ground truth → what it is called here."""

    @property
    def isolated(self) -> Isolated:
        return Isolated(f"compat-{self.name}", self.python, HERE / "locks" / f"{self.lock}.txt")


def environments() -> list[Environment]:
    """Return all environments; raises ``TypeError`` for an entry with unknown keys."""
    entries: dict[str, dict[str, Any]] = yaml.safe_load(
        (HERE / "environments.yaml").read_text(encoding="utf-8")
    )
    return [Environment(name, **entry) for name, entry in entries.items()]


if __name__ == "__main__":
    for each in {entry.lock: entry for entry in environments()[::-1]}.values():
        resolve(each.requires, each.isolated.lock_file, each.resolution, "3.10")
