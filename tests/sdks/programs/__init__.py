"""Every program by the name that ``sdks.yaml`` gives it; imported where its SDK is installed."""

from __future__ import annotations

import importlib

from tests.sdks.base import Program


def program(family: str, name: str) -> Program:
    """Make the program ``name`` of ``programs/<family>.py``."""
    module = importlib.import_module(f"{__name__}.{family}")
    made: Program = getattr(module, name)()
    return made
