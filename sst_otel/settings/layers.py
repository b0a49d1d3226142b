"""Where settings come from, and which wins.

Strongest first: what a program says itself (``start_tracking(…)``), the environment,
OpenTelemetry's file (:mod:`sst_otel.declarative`), the file that ``SST_CONFIG`` names. An empty
variable counts as one that is not set, as all of OpenTelemetry's do
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sst_otel.declarative import CONFIG_FILE, file_options
from sst_otel.guard import say_once
from sst_otel.settings.table import DEFAULT_DATABASE_URL, OPTIONS, Settings
from sst_otel.settings.values import require_types

ENVIRONMENT = "environment"
PREFIX = "SST_"
OUR_FILE = "SST_CONFIG"
_ALIKE = 0.75
"""How alike two names are that are probably meant to be one (``difflib``'s ratio)."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says."""

    where: str
    """:data:`ENVIRONMENT`, the path of a file, or ``start_tracking()``."""
    given: Mapping[str, Any]
    """Setting → value as it stands there."""


def layers(
    environ: Mapping[str, str],
    overrides: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Layer, ...]:
    """Return what each place says, the strongest first; arguments as of :func:`load_settings`.

    Raises ``ValueError`` for a file that cannot be read and for a setting that is none.
    """
    ours = environ.get(OUR_FILE)
    found = (
        Layer("start_tracking()", overrides or {}),
        Layer(ENVIRONMENT, _variables(environ)),
        Layer(
            environ.get(CONFIG_FILE) or "options",
            file_options(environ) if options is None else options,
        ),
        Layer(ours or "sst.yaml", _read_file(Path(ours)) if ours else {}),
    )
    for layer in found:
        for name in sorted(set(layer.given) - set(OPTIONS)):
            raise ValueError(f"unknown setting {name!r}{_in(layer)}; {_instead(name)}")
    return found


def load_settings(
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the settings; raises ``ValueError`` with one line naming the wrong one.

    ``overrides`` win over the environment, that over ``options``, these over the file
    ``SST_CONFIG``. Where ``options`` are not given they are those in ``OTEL_CONFIG_FILE``.
    """
    environ = os.environ if environ is None else environ
    found = layers(environ, overrides, options)
    values: dict[str, Any] = {}
    for layer in found:
        for name, value in layer.given.items():
            if name not in values:
                values[name] = read(name, value, layer)
    try:
        require_types(values.get("models", {}), values.get("data_types", {}))
    except ValueError as error:
        raise ValueError(f"{variable('models')}: {error}") from None
    values.setdefault("service_name", environ.get("OTEL_SERVICE_NAME", ""))
    file = _sqlite_path(values.get("database_url", DEFAULT_DATABASE_URL))
    if file is not None:
        values.setdefault("spool_dir", file.with_suffix(".spool"))
        values.setdefault("key_file", file.with_name("sst.key"))
    return Settings(**values)


def read(name: str, value: Any, layer: Layer) -> Any:
    """Return the checked value of a setting; raises ``ValueError`` that names it and its place."""
    try:
        if layer.where == ENVIRONMENT and OPTIONS[name].structured:
            raise ValueError(f"stands in a file only: {OUR_FILE} or {CONFIG_FILE}")
        return OPTIONS[name].read(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{variable(name)}: {error}{_in(layer)}") from None


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def unknown_variables(environ: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """Return the ``SST_*`` variables that are no setting, each with the one it may be meant for.

    They are no error: other programs have variables of that prefix, too.
    """
    known = {OUR_FILE, *map(variable, OPTIONS)}
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    nearest = [_nearest(name.removeprefix(PREFIX).lower()) for name in unknown]
    return [
        (name, None if meant is None else variable(meant))
        for name, meant in zip(unknown, nearest, strict=True)
    ]


def say_misspelt(environ: Mapping[str, str]) -> None:
    """Log the variables that look like a setting and are none."""
    for name, nearest in unknown_variables(environ):
        if nearest is not None:
            text = f"{name} is not a setting and changes nothing; did you mean {nearest}?"
            say_once(f"settings.{name}", text)


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    found = {name: environ.get(variable(name), "") for name in OPTIONS}
    return {name: text for name, text in found.items() if text}


def _in(layer: Layer) -> str:
    return "" if layer.where == ENVIRONMENT else f" (in {layer.where})"


def _instead(name: str) -> str:
    meant = _nearest(name)
    return f"known: {', '.join(sorted(OPTIONS))}" if meant is None else f"did you mean {meant}?"


def _nearest(name: str) -> str | None:
    from difflib import get_close_matches

    found = get_close_matches(name, OPTIONS, 1, _ALIKE)
    return found[0] if found else None


def _read_file(path: Path) -> dict[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{OUR_FILE}: cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f" in line {mark.line + 1}"
        raise ValueError(f"{OUR_FILE}: {path} is not valid YAML{line}") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise ValueError(f"{OUR_FILE}: {path} must hold a mapping of settings")
    return {key.lower(): value for key, value in loaded.items()}


def _sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL; None for memory and for other databases."""
    scheme, _, rest = url.partition("://")
    if not scheme.startswith("sqlite") or not rest.startswith("/"):
        return None
    name = rest[1:].partition("?")[0]
    return None if name in ("", ":memory:") else Path(name)
