"""Django's signals are listened to from the start, whatever imports them first."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
from sst_otel.guard import error_counts
from sst_otel.sources import django_models

patches = django_models.install(None, None, None, {})
__import__(__import__("sys").argv[1])
print(*patches.installed, *error_counts())
"""


@pytest.mark.parametrize("first", ["django.db.models", "django.db.models.signals", "django.db"])
def test_the_import_of_the_models_is_not_cut_into(first: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, first],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not done.stderr
    listening = "post_save" in done.stdout
    assert listening == (first != "django.db")
    assert "source." not in done.stdout
