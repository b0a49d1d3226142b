"""What tests of telemetry share."""

from __future__ import annotations

import pytest

from tests.telemetry.exporting import Exported, global_exporters


@pytest.fixture
def exported() -> Exported:
    """Exporters of the global providers, empty; ask for them before tracking."""
    found = global_exporters()
    found.clear()
    return found
