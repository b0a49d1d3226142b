"""Untouched sites in other frameworks: the truth, answers as without us, a clean end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.clubs import PATTERNS, WAYS, command, further, visit
from tests.support import Vendor
from tests.system.launch import APPS
from tests.system.launchers import check_site

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(("framework", "words"), WAYS.values(), ids=WAYS)
def test_an_untouched_club(
    framework: str, words: tuple[str, ...], binaries: Path, vendor: Vendor, tmp_path: Path
) -> None:
    check_site(
        command(framework, words),
        vendor,
        tmp_path,
        binaries,
        {"PYTHONPATH": str(APPS)},
        visit=visit,
        further=further(PATTERNS[framework]),
    )
