"""Our options in OpenTelemetry's own configuration file, the one that ``OTEL_CONFIG_FILE`` names.

They stand under ``instrumentation/development: python: sst:``, with the names of the ``SST_*``
variables in lower case. The stock configurator hands them to the instrumentor; whatever else needs
settings (our command, ``start_tracking``) reads them here, so that all agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONFIG_FILE = "OTEL_CONFIG_FILE"


def file_options(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the options; none where no file is named or the package that reads it is not here.

    ``enabled: false`` is ``disabled: true``. Raises ``ValueError`` for a file that is no
    configuration.
    """
    found = configuration(environ)
    if found is None or found.instrumentation_development is None:
        return {}
    languages = found.instrumentation_development.python
    try:
        options = dict((languages or {}).get("sst") or {})
    except (TypeError, ValueError):  # ours is no mapping
        raise ValueError(f"{CONFIG_FILE}: {environ[CONFIG_FILE]}: sst: must be a mapping") from None
    return options if options.pop("enabled", True) else {**options, "disabled": True}


def configuration(environ: Mapping[str, str]) -> Any:
    """Return OpenTelemetry's model of the whole file, None where there is none that can be read.

    Raises ``ValueError`` for a file that is no configuration; it says where, not what stands there.
    """
    path = environ.get(CONFIG_FILE)
    if not path:
        return None
    try:
        from opentelemetry.configuration import ConfigurationError, load_config_file
    except ImportError:
        return None
    try:
        return load_config_file(path)
    except (ConfigurationError, TypeError, ValueError) as error:
        raise ValueError(f"{CONFIG_FILE}: {path}: {type(error).__name__}{_place(error)}") from None


def _place(error: Exception) -> str:
    """Return where in the file an error is, as far as it tells: its texts quote what is there."""
    cause: Any = error.__cause__
    mark = getattr(cause, "problem_mark", None)
    if mark is not None:
        return f" in line {mark.line + 1}"
    keys = getattr(cause, "absolute_path", None)
    return f" at {'.'.join(map(str, keys))}" if keys else ""
