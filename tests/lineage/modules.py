"""A module to import, and how tests write, load and recognise modules."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

MODULE = '''"""What it is."""
from __future__ import annotations

import dataclasses
import enum


class Colour(enum.Enum):
    RED = "r" + "ed"


@dataclasses.dataclass
class Person:
    name: str
    greeting: str = "Hi"

    def greet(self) -> str:
        """Say it."""
        return f"{self.greeting} {self.name}!"


def greet(name):
    return f"Dear {name},"


def fail(number):
    return 1 + (number / 0)
'''


def load(name: str) -> ModuleType:
    importlib.invalidate_caches()
    return importlib.import_module(name)


def is_rewritten(function: Any) -> bool:
    return any(name.startswith("_sst_") for name in function.__code__.co_names)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
