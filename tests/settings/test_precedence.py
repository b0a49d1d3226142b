"""Every setting, from every place it may stand in: what is read, and which place wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from sst_otel.declarative import file_options
from sst_otel.settings import OPTIONS, Settings, layers, load_settings

WRITTEN: dict[str, tuple[Any, Any, Any]] = {
    "database_url": ("sqlite:///1.db", "sqlite:///2.db", "sqlite:///3.db"),
    "spool_dir": ("one", "two", "three"),
    "audit_endpoint": ("http://one:4328", "https://two/otlp", "http://[::1]:4328"),
    "audit_token": ("one-token", "two-token", "three-token"),
    "ingest_token": (["one-token"], ["two-token", "more"], ["three-token"]),
    "durability": ("normal", "full", "normal"),
    "spool_limit": (1, 2, 3),
    "retention_days": (1, 2, 3),
    "key": ("one-key-of-sixteen", "two-key-of-sixteen", "three-key-of-sixteen"),
    "key_file": ("one.key", "two.key", "three.key"),
    "seal_key_file": ("one.seal", "two.seal", "three.seal"),
    "seal_every": (1, 2, 3),
    "seal_anchor": ("one.anchor", "two.anchor", "three.anchor"),
    "owner": (["flask_login"], ["session:id", "jwt:sub"], ["header:x-user"]),
    "first_party_hosts": (["one.internal"], ["two.internal", "*.two"], ["three.internal"]),
    "trusted_hosts": (["one.internal"], ["two.internal:80"], ["three.internal"]),
    "own_databases": (["one.internal"], ["two.internal/shop"], ["three.internal"]),
    "files": (["one/*.csv"], ["two/*.csv", "*.json"], ["three/*.csv"]),
    "logs": (["one"], ["two.*", "shop"], ["three"]),
    "lineage": ("off", "shop,billing", "auto"),
    "hooks": (False, True, False),
    "redact": (False, True, False),
    "pages": (False, True, False),
    "trace_url": ("http://a/{trace_id}", "https://b/trace/{trace_id}", "https://c/t?id={trace_id}"),
    "staff_token": ("one-token", "two-token", "three-token"),
    "service_name": ("one", "two", "three"),
    "registry_values": (1, 2, 3),
    "registry_seconds": (1, 2, 3),
    "disabled": (True, False, True),
    "data_types": ({"one": {"fields": ["a"]}}, {"two": {"fields": ["b"]}}, {"username": "off"}),
    "models": (
        {"one.Model": {"owner": "id"}},
        {"two.Model": {"fields": {"contact": "email"}}},
        {"three.Model": {"opaque": ["ssn"]}},
    ),
    "fields": ({"track": ["one"]}, {"opaque": ["two"]}, {"propagate": {"except": ["three"]}}),
    "recipients": (
        [{"host": "one.example", "name": "One"}],
        [{"host": ["two.example"], "name": "Two", "country": "DE"}],
        [{"host": "three.example", "name": "Three"}],
    ),
}
"""Setting → three values as a file has them."""
PLAIN = [name for name in WRITTEN if not OPTIONS[name].structured]


def variable(name: str) -> str:
    return f"SST_{name.upper()}"


def as_text(value: Any) -> str:
    """Return a value as a variable has it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(value) if isinstance(value, list) else str(value)


@dataclass(frozen=True)
class Files:
    """Files that have every setting: ours the first value of each, OpenTelemetry's the second."""

    ours: dict[str, str]
    """The environment that names ours."""
    both: dict[str, str]
    theirs: dict[str, Any]
    """What is read of OpenTelemetry's: its schema takes half a second."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("files")
    ours, theirs = folder / "sst.yaml", folder / "otel.yaml"
    ours.write_text(yaml.safe_dump({name: values[0] for name, values in WRITTEN.items()}))
    options = {name: values[1] for name, values in WRITTEN.items()}
    section = {"python": {"sst": options}}
    document = {"file_format": "1.0", "instrumentation/development": section}
    theirs.write_text(yaml.safe_dump(document))
    named = {"SST_CONFIG": str(ours)}
    both = {**named, "OTEL_CONFIG_FILE": str(theirs)}
    return Files(named, both, file_options(both))


def test_every_setting_is_here() -> None:
    assert list(WRITTEN) == list(OPTIONS)
    assert list(OPTIONS) == list(Settings.__dataclass_fields__)


def test_a_file_over_a_file(files: Files) -> None:
    for environ, index in ((files.ours, 0), (files.both, 1)):
        settings = load_settings(environ)
        for name, values in WRITTEN.items():
            assert getattr(settings, name) == OPTIONS[name].read(values[index]), name


@pytest.mark.parametrize("name", WRITTEN)
def test_arguments_over_files(name: str, files: Files) -> None:
    third = WRITTEN[name][2]
    settings = load_settings(files.both, {name: third}, files.theirs)
    assert getattr(settings, name) == OPTIONS[name].read(third)


@pytest.mark.parametrize("name", PLAIN)
def test_the_environment_over_both_files(name: str, files: Files) -> None:
    first, _, third = WRITTEN[name]
    environ = {**files.both, variable(name): as_text(third)}
    settings = load_settings(environ, options=files.theirs)
    assert getattr(settings, name) == OPTIONS[name].read(third)
    said = [one for one in layers(environ, options=files.theirs) if name in one.given]
    assert [one.where for one in said] == ["environment", *reversed(files.both.values())]
    assert dict(said[0].given) == {name: as_text(third)}
    settings = load_settings(environ, {name: first}, files.theirs)
    assert getattr(settings, name) == OPTIONS[name].read(first)


@pytest.mark.parametrize("name", PLAIN)
def test_the_environment_reads_as_a_file_does(name: str) -> None:
    for value in WRITTEN[name]:
        by_file = load_settings({}, options={name: value})
        assert load_settings({variable(name): as_text(value)}) == by_file


@pytest.mark.parametrize("name", PLAIN)
def test_an_empty_variable_is_not_set(name: str, files: Files) -> None:
    environ = {**files.ours, variable(name): ""}
    assert load_settings(environ) == load_settings(files.ours)


@pytest.mark.parametrize("name", [name for name in WRITTEN if OPTIONS[name].structured])
def test_what_a_text_cannot_say_stands_in_files(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{variable(name)}: stands in a file only: SST_CONFIG"):
        load_settings({variable(name): "x"})


def test_defaults_are_those_of_the_table() -> None:
    settings = load_settings({})
    for name, option in OPTIONS.items():
        assert getattr(settings, name) == option.default
