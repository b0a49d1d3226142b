"""What is said of wrong settings: which, where and why; never a secret."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from sst_otel import guard, start_tracking, stop_tracking
from sst_otel.settings import OPTIONS, load_settings, unknown_variables

SECRET = "hunter2-correct-horse"
WRONG: dict[str, Any] = {
    "database_url": f"postgresql:/sst:{SECRET}@db/audit",
    "spool_dir": "",
    "audit_endpoint": f"https://u:{SECRET}@collector.internal",
    "audit_token": {"a": SECRET},
    "ingest_token": {"a": SECRET},
    "durability": SECRET,
    "spool_limit": f"{SECRET}1",
    "retention_days": f"{SECRET}1",
    "key": [SECRET],
    "key_file": " ",
    "seal_key_file": " ",
    "seal_every": f"{SECRET}1",
    "seal_anchor": " ",
    "owner": ["basic:user"],
    "first_party_hosts": [f"https://u:{SECRET}@shop.internal/"],
    "trusted_hosts": [f"https://u:{SECRET}@shop.internal"],
    "own_databases": [f"postgresql://u:{SECRET}@db/shop"],
    "files": {SECRET: 1},
    "logs": {SECRET: 1},
    "lineage": f"shop {SECRET}",
    "hooks": SECRET,
    "redact": SECRET,
    "pages": SECRET,
    "trace_url": f"https://jaeger.internal/{SECRET}/trace",
    "staff_token": {"a": SECRET},
    "service_name": [SECRET],
    "registry_values": -5,
    "registry_seconds": f"{SECRET}1",
    "disabled": SECRET,
    "data_types": {"loyalty": {"pattern": "("}},
    "models": {"shop.User": {"fields": {"nick": "no_such_type"}}},
    "fields": {"track": [SECRET, 5]},
    "recipients": [{"host": "x.example", "name": "X", "country": False}],
}
"""Setting → something that it cannot be, as a file has it."""


def message(environ: dict[str, str], **overrides: Any) -> str:
    with pytest.raises(ValueError, match=r"SST_|OTEL_|unknown setting") as caught:
        load_settings(environ, overrides)
    said = str(caught.value)
    assert SECRET not in said
    assert "\n" not in said
    return said


def test_every_setting_is_here() -> None:
    assert list(WRONG) == list(OPTIONS)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    file = tmp_path / "sst.yaml"
    file.write_text(yaml.safe_dump({name: WRONG[name]}))
    said = message({"SST_CONFIG": str(file)})
    assert said.startswith(f"SST_{name.upper()}: ")
    if name != "models":  # which fails by data types that may stand elsewhere
        assert said.endswith(f" (in {file})")
    assert message({}, **{name: WRONG[name]}).startswith(f"SST_{name.upper()}: ")


@pytest.mark.parametrize(
    "url", ["audit.db", f"://u:{SECRET}@", f"postgresql://u:{SECRET}:{SECRET}@db:{SECRET}/audit"]
)
def test_an_address_that_cannot_be_read_is_not_quoted(url: str) -> None:
    said = "SST_DATABASE_URL: must be a SQLAlchemy URL such as sqlite:///sst_audit.db"
    assert message({"SST_DATABASE_URL": url}) == said


@pytest.mark.parametrize("name", [name for name in WRONG if type(WRONG[name]) in (str, int)])
def test_a_wrong_variable_is_named(name: str) -> None:
    variable = f"SST_{name.upper()}"
    assert message({variable: str(WRONG[name]) or " "}).startswith(f"{variable}: must")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("retention", "unknown setting 'retention' (in {}); did you mean retention_days?"),
        ("zzz", "unknown setting 'zzz' (in {}); known: audit_endpoint, "),
    ],
)
def test_an_unknown_entry_of_a_file(given: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "sst.yaml"
    file.write_text(f"{given}: {SECRET}\n")
    assert message({"SST_CONFIG": str(file)}).startswith(said.format(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"key: [{SECRET}\na: b", "is not valid YAML in line 2"),
        (f"- {SECRET}", "must hold a mapping of settings"),
    ],
)
def test_a_file_that_is_none(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "sst.yaml"
    file.write_text(text)
    assert message({"SST_CONFIG": str(file)}) == f"SST_CONFIG: {file} {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'file_format: "1.0"\na: [{SECRET}', "ConfigurationError in line 2"),
        (
            f'file_format: "1.0"\npropagator: {SECRET}\n',
            "ConfigurationError at propagator",
        ),
        (
            f'file_format: "1.0"\ninstrumentation/development: {{python: {{sst: {SECRET}}}}}\n',
            "ConfigurationError at instrumentation/development.python.sst",
        ),
    ],
)
def test_a_file_of_opentelemetry_that_is_none(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "otel.yaml"
    file.write_text(text)
    assert message({"OTEL_CONFIG_FILE": str(file)}) == f"OTEL_CONFIG_FILE: {file}: {said}"


def test_misspelt_variables_are_known_from_others() -> None:
    environ = {
        "SST_REDCT": "off",
        "SST_TRUSTED_HOST": "x",
        "SST_RESOURCE_MyBucket": "y",
        "SST_REDACT": "on",
        "SST_CONFIG": "z",
        "PATH": "",
    }
    assert unknown_variables(environ) == [
        ("SST_REDCT", "SST_REDACT"),
        ("SST_RESOURCE_MyBucket", None),
        ("SST_TRUSTED_HOST", "SST_TRUSTED_HOSTS"),
    ]


def test_a_misspelt_variable_is_said_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in [name for name in os.environ if name.startswith("SST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SST_RETENTION_DAY", SECRET)
    monkeypatch.setenv("SST_STAGE", "production")
    guard.reset()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            start_tracking(
                database_url=f"sqlite:///{tmp_path}/audit.db", lineage="off", pages=False
            )
        stop_tracking()
    said = [record.getMessage() for record in caplog.records if record.name == "sst_otel"]
    assert said == [
        "sst_otel: SST_RETENTION_DAY is not a setting and changes nothing; "
        "did you mean SST_RETENTION_DAYS?"
    ]
