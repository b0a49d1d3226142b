"""OpenTelemetry's own configuration file: our options in it, checked, and the same everywhere."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.configuration.instrumentation import configure_instrumentation
from opentelemetry.configuration.models import ExperimentalInstrumentation

from sst_otel import guard, tracker
from sst_otel.instrumentor import Configuration, SstInstrumentor
from sst_otel.settings import Settings, load_settings
from tests.system.launch import BINARIES, OTEL

FILE = """\
file_format: "1.0"
propagator:
  composite: [{{tracecontext: }}, {{baggage: }}]
instrumentation/development:
  python:
    sst: {options}
"""
PROGRAM = """
from sst_otel import tracker
running = tracker.running()
print("running" if running else "off", running and running.settings.retention_days)
"""


def config_file(folder: Path, options: str) -> Path:
    path = folder / "otel.yaml"
    path.write_text(FILE.format(options=options))
    return path


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No setting but those of the test, and nothing that runs afterwards."""
    for name in [name for name in os.environ if name.startswith(("SST_", "OTEL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SST_DATABASE_URL", f"sqlite:///{tmp_path / 'audit.db'}")
    guard.reset()
    yield
    if SstInstrumentor().is_instrumented_by_opentelemetry:
        SstInstrumentor().uninstrument()


def configure(**options: Any) -> None:
    configure_instrumentation(ExperimentalInstrumentation(python={"sst": options}))


def running() -> Settings | None:
    found = tracker.running()
    return found.settings if found is not None else None


def test_every_setting_is_an_option() -> None:
    options = {item.name for item in fields(Configuration)} - {"unknown_options"}
    assert options == {item.name for item in fields(Settings)}


@pytest.mark.usefixtures("quiet")
class TestFromTheConfigurator:
    """What the stock configurator does with the file's section."""

    def test_options_are_settings_and_the_environment_wins(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SST_RETENTION_DAYS", "7")
        configure(retention_days=30, registry_values=50, lineage=False, logs=["shop"])
        settings = running()
        assert settings is not None
        assert (settings.retention_days, settings.registry_values) == (7, 50)
        assert (settings.lineage, settings.logs) == ("off", ("shop",))

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"retention": 3, "pages": False}, "unknown setting 'retention'"),
            ({"retention_days": "soon"}, "SST_RETENTION_DAYS: must be a whole number"),
            ({"recipients": [{"host": "x"}]}, "SST_RECIPIENTS: each entry needs host and name"),
        ],
    )
    def test_a_wrong_one_keeps_tracking_off(
        self, options: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            configure(**options)
            SstInstrumentor().instrument(skip_dep_check=True)  # as the launcher does afterwards
        assert running() is None
        ours = [record.getMessage() for record in caplog.records if record.name == "sst_otel"]
        assert len(ours) == 1
        assert ours[0].startswith("sst_otel: tracking is off: ")
        assert said in ours[0]
        assert all(record.exc_info is None for record in caplog.records)

    def test_the_second_load_changes_nothing(self) -> None:
        configure(retention_days=30, lineage="off")
        before = tracker.running()
        SstInstrumentor().instrument(skip_dep_check=True)
        assert before is not None
        assert tracker.running() is before

    def test_switched_off_there(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        path = config_file(tmp_path, "{enabled: false}")
        monkeypatch.setenv("OTEL_CONFIG_FILE", str(path))
        configure(enabled=False)
        SstInstrumentor().instrument(skip_dep_check=True)
        assert running() is None


class TestWhoeverElseReadsIt:
    """Our command and ``start_tracking`` have the same settings."""

    def test_the_file_over_ours_and_under_the_environment(self, tmp_path: Path) -> None:
        ours = tmp_path / "sst.yaml"
        ours.write_text("retention_days: 1\nregistry_values: 1\nregistry_seconds: 1\n")
        options = "{registry_values: '${SIZE:-2}', registry_seconds: 2, own_databases: [a, b]}"
        environ = {
            "OTEL_CONFIG_FILE": str(config_file(tmp_path, options)),
            "SST_CONFIG": str(ours),
            "SST_REGISTRY_SECONDS": "3",
        }
        settings = load_settings(environ)
        assert settings.retention_days == 1
        assert settings.registry_values == 2
        assert settings.registry_seconds == 3
        assert settings.own_databases == ("a", "b")

    def test_a_file_that_says_nothing_of_us(self, tmp_path: Path) -> None:
        path = config_file(tmp_path, "{}")
        environ = {"OTEL_CONFIG_FILE": str(path)}
        assert load_settings(environ) == load_settings({})
        path.write_text(FILE.partition("instrumentation/")[0].format())
        assert load_settings(environ) == load_settings({})

    @pytest.mark.parametrize("text", ["file_format: [", "", "instrumentation/development: 1"])
    def test_no_configuration(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "otel.yaml").write_text(text)
        with pytest.raises(ValueError, match=r"OTEL_CONFIG_FILE: .*otel.yaml: ConfigurationError"):
            load_settings({"OTEL_CONFIG_FILE": str(tmp_path / "otel.yaml")})


@pytest.mark.parametrize(
    ("options", "printed", "said"),
    [
        ("{retention_days: 30, lineage: off}", "running 30", ""),
        ("{retention: 30}", "off None", "tracking is off: unknown setting 'retention'"),
    ],
)
def test_under_the_launcher(tmp_path: Path, options: str, printed: str, said: str) -> None:
    names = ("OTEL_", "SST_")
    ran = subprocess.run(
        [OTEL, sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(names)},
            "PATH": os.pathsep.join([str(BINARIES), os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "OTEL_CONFIG_FILE": str(config_file(tmp_path, options)),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout.strip() == printed
    assert "Traceback" not in ran.stderr
    assert ran.stderr.count("sst_otel:") == (1 if said else 0)
    assert said in ran.stderr
