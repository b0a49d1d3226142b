"""What ``sst-otel doctor`` says of exporters, redaction, propagators, names and trusted hosts."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from sst_otel.cli import main, telemetry
from tests.cli.diagnosis import Capture, diagnose, found

pytestmark = pytest.mark.usefixtures("settings")
OTLP = "exported by otlp_proto_grpc (OTLP{}Exporter): "


@pytest.fixture(autouse=True)
def _own_propagator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the propagator ``sst`` registered, whatever version of us is installed here."""

    def with_ours(*, group: str, **wanted: Any) -> Any:
        registered = importlib.metadata.entry_points(group=group, **wanted)
        if group == "opentelemetry_propagator":
            return [*registered, SimpleNamespace(name="sst")]
        return registered

    monkeypatch.setattr(telemetry, "entry_points", with_ours)


def said(capsys: Capture, subject: str, **environ: str) -> list[tuple[str, str]]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environ.items():
            patched.setenv(name, value)
        return found(diagnose(capsys)[1], subject)


def test_what_the_distro_does_by_itself(capsys: Capture) -> None:
    _, report = diagnose(capsys)
    for signal, kind in (("traces", "Span"), ("metrics", "Metric"), ("logs", "Log")):
        ((state, detail),) = found(report, signal)
        assert state == "ok"
        assert detail.startswith(OTLP.format(kind))


@pytest.mark.parametrize("signal", ["traces", "metrics", "logs"])
def test_what_is_not_exported(signal: str, capsys: Capture) -> None:
    variable = f"OTEL_{signal.upper()}_EXPORTER"
    ((state, detail),) = said(capsys, signal, **{variable: "none"})
    assert state == "note"
    assert f"({variable}=none)" in detail
    ((state, detail),) = said(capsys, signal, **{variable: "console,no_such_one"})
    assert state == "problem"
    assert "no package here has the exporter no_such_one" in detail
    ((state, detail),) = said(
        capsys, signal, **{variable: "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    )
    assert state == "ok"
    assert detail.startswith("exported by otlp_proto_http (")


def test_redaction(capsys: Capture) -> None:
    assert said(capsys, "SST_REDACT")[0][0] == "ok"
    ((state, detail),) = said(capsys, "SST_REDACT", SST_REDACT="off")
    assert state == "note"
    assert detail.endswith("set it to on")


@pytest.mark.parametrize(
    ("value", "state", "part"),
    [
        ("", "ok", "tracecontext, baggage, fenced when tracking starts"),
        ("tracecontext,sst", "ok", "also where tracking is off"),
        ("none", "note", "name tracecontext,baggage to join them"),
        ("tracecontext, jager", "problem", "no package here has jager"),
    ],
)
def test_propagators(value: str, state: str, part: str, capsys: Capture) -> None:
    ((was, detail),) = said(capsys, "propagators", OTEL_PROPAGATORS=value)
    assert was == state
    assert part in detail


@pytest.mark.parametrize(
    ("value", "state", "part"),
    [
        ("", "ok", "http,database gives the same names everywhere"),
        ("http/dup,database", "ok", "database, http/dup: "),
        ("http,datbase", "note", "datbase is not known and changes nothing"),
    ],
)
def test_names_of_attributes(value: str, state: str, part: str, capsys: Capture) -> None:
    name = "OTEL_SEMCONV_STABILITY_OPT_IN"
    ((was, detail),) = said(capsys, name, **{name: value})
    assert was == state
    assert part in detail


def test_a_sampler_that_takes_no_spans(capsys: Capture) -> None:
    assert said(capsys, "OTEL_TRACES_SAMPLER", OTEL_TRACES_SAMPLER="always_on") == []
    ((state, detail),) = said(capsys, "OTEL_TRACES_SAMPLER", OTEL_TRACES_SAMPLER="always_off")
    assert (state, detail.partition(":")[0]) == ("note", "always_off")


@pytest.mark.parametrize(
    ("environ", "states", "part"),
    [
        ({}, ["ok"], "not set: nobody is told"),
        ({"SST_TRUSTED_HOSTS": "*.internal"}, ["ok"], "*.internal; they need the same key"),
        ({"SST_TRUSTED_HOSTS": "*"}, ["ok", "note"], "vendors too"),
        (
            {"SST_TRUSTED_HOSTS": "b.internal", "OTEL_PROPAGATORS": "baggage"},
            ["ok", "problem"],
            "add tracecontext to OTEL_PROPAGATORS",
        ),
        (
            {"SST_TRUSTED_HOSTS": "b.internal", "OTEL_PROPAGATORS": "xray"},
            ["ok", "note"],
            "believed by those that have xray too",
        ),
        (
            {"SST_TRUSTED_HOSTS": "b.internal", "OTEL_SDK_DISABLED": "true"},
            ["ok", "problem"],
            "take OTEL_SDK_DISABLED away",
        ),
    ],
)
def test_trusted_hosts(
    environ: dict[str, str], states: list[str], part: str, capsys: Capture
) -> None:
    rows = said(capsys, "SST_TRUSTED_HOSTS", **environ)
    assert [state for state, _ in rows] == states
    assert part in rows[-1][1]


def test_the_key_is_told_by_its_id(capsys: Capture) -> None:
    ((state, detail),) = said(capsys, "SST_KEY")
    assert state == "ok"
    assert len(detail.removeprefix("set, key id ")) == 12


def test_a_file_takes_the_place_of_the_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    file = tmp_path / "otel.yaml"
    exporter = {"exporter": {"otlp_http": None}}
    document = {
        "file_format": "1.0",
        "propagator": {"composite": [{"baggage": None}], "composite_list": "sst"},
        "tracer_provider": {"processors": [{"batch": exporter}, {"simple": exporter}]},
        "meter_provider": {"readers": [{"pull": {"exporter": {"prometheus/development": None}}}]},
        "instrumentation/development": {
            "python": {"sst": {"trusted_hosts": ["b"], "retention_days": 30, "redact": True}}
        },
    }
    file.write_text(yaml.safe_dump(document))
    monkeypatch.setenv("OTEL_CONFIG_FILE", str(file))
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    monkeypatch.setenv("SST_RETENTION_DAYS", "7")
    monkeypatch.setenv("SST_REDACT", "on")
    code, report = diagnose(capsys)

    assert code == 1
    assert found(report, "traces") == [
        (
            "ok",
            "exported by otlp_http, otlp_http, as the file says: events on client spans",
        )
    ]
    ((state, detail),) = found(report, "metrics")
    assert (state, "not redacted" in detail) == ("note", True)
    assert found(report, "logs")[0][1].startswith("not exported (the file names no exporter)")
    assert found(report, "propagators")[0][1].startswith("baggage, sst: ")
    assert found(report, "SST_TRUSTED_HOSTS")[1][1].endswith("to propagator: of the file")
    assert found(report, "OTEL_CONFIG_FILE") == [
        ("ok", f"{file}: valid, sets redact, retention_days, trusted_hosts"),
        ("note", "OTEL_TRACES_EXPORTER: set, but not read beside this file; say it there"),
    ]
    assert found(report, "SST_RETENTION_DAYS") == [
        ("note", f"7 (the environment) counts, not 30 ({file}): take one of them away")
    ]
    assert found(report, "places") == []
    assert report["settings"]["retention_days"] == 7
    origins = report["origins"]
    assert (origins["retention_days"], origins["trusted_hosts"]) == ("environment", str(file))


def test_files_that_agree_with_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    secret = "another-token-than-the-samples"
    file = tmp_path / "sst.yaml"
    file.write_text("retention_days: 30\nlineage: off\n")
    monkeypatch.setenv("SST_CONFIG", str(file))
    monkeypatch.setenv("SST_RETENTION_DAYS", "30")
    _, report = diagnose(capsys)
    assert found(report, "SST_CONFIG") == [("ok", f"{file}: valid, sets lineage, retention_days")]
    assert found(report, "places") == [("ok", "environment and files agree")]

    file.write_text(f"staff_token: {secret}\n")
    _, report = diagnose(capsys)
    (detail,) = (text for state, text in found(report, "SST_STAFF_TOKEN") if state == "note")
    assert detail == (
        f"it (the environment) counts, not another value ({file}): take one of them away"
    )
    assert secret not in str(report)


def test_variables_that_are_no_setting(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("SST_STAGE", "production")
    code, report = diagnose(capsys)
    assert (code, found(report, "SST_STAGE")[0][0]) == (0, "note")
    monkeypatch.setenv("SST_TRUSTED_HOST", "b")
    code, report = diagnose(capsys)
    assert code == 1
    assert found(report, "SST_TRUSTED_HOST") == [
        ("problem", "is not a setting and changes nothing: did you mean SST_TRUSTED_HOSTS?")
    ]


def test_a_file_that_cannot_be_read_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    file = tmp_path / "otel.yaml"
    file.write_text("file_format: '1.0'\nsecret: [hunter2\n")
    monkeypatch.setenv("OTEL_CONFIG_FILE", str(file))
    assert main(["doctor"]) == 2
    captured = capsys.readouterr()
    assert captured.err == (f"sst-otel: OTEL_CONFIG_FILE: {file}: ConfigurationError in line 3\n")
    assert captured.out == ""
