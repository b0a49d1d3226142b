"""``SST_*`` variables and ``sst.yaml`` become one frozen, validated :class:`Settings`.

The file (named by ``SST_CONFIG``) uses the same keys in lower case without the prefix
(``database_url``), plus the structured sections ``data_types``, ``models``, ``fields``,
``recipients`` and ``owner``. The environment wins over the file, keyword arguments over both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sst_otel.selection import KEYS, read_choice

DEFAULT_DATABASE_URL = "sqlite:///sst_audit.db"
DEFAULT_OWNER_RULES = (
    "flask_login",
    "session:user_id",
    "session:_user_id",
    "session:uid",
    "session:user",
    "session:id",
    "session",
    "jwt:sub",
)
_SWITCHES = frozenset({"on", "off", "true", "false", "yes", "no", "1", "0", ""})
_RULE_KINDS = ("session", "header", "jwt")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, checked. Build it with :func:`load_settings`."""

    database_url: str = DEFAULT_DATABASE_URL
    """SQLAlchemy URL of the audit store."""
    spool_dir: Path = Path("sst_audit.spool")
    """Directory of the journals; beside the database for SQLite."""
    retention_days: int = 365
    """Rows older than this many days are removed; 0 keeps everything."""
    key: str | None = field(default=None, repr=False)
    key_file: Path = Path("sst.key")
    first_party_hosts: tuple[str, ...] = ()
    own_databases: tuple[str, ...] = ()
    """Globs of ``host``, ``host:port`` or ``host/database`` that are the application's own; empty =
    those of this machine, and the first server of each kind that the process connects to."""
    lineage: str = "auto"
    """``auto`` (first-party modules), ``off``, or comma-separated top-level packages."""
    hooks: bool = True
    """Whether digests and codes that libraries make of personal data are noted; without it only
    unsalted MD5, SHA-1 and SHA-256 and what rewritten modules compute are recognised."""
    owner: tuple[str, ...] = DEFAULT_OWNER_RULES
    """Ordered rules: ``flask_login``, ``session:KEY``, ``jwt:CLAIM``, ``header:NAME``; ``session``
    alone: what the names of its keys tell (``customer_id``, ``user_email``)."""
    pages: bool = True
    staff_token: str | None = field(default=None, repr=False)
    disabled: bool = False
    service_name: str = ""
    data_types: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    """Per model class: ``owner``, ``fields`` (attribute → data type), and what of it is tracked."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What is tracked of requests, jobs and commands: ``track``, ``propagate`` and ``opaque``, as
    :mod:`sst_otel.selection` says."""
    recipients: tuple[Mapping[str, Any], ...] = ()
    files: tuple[str, ...] = ()
    """Globs of files that are watched as they are written (``exports/*.csv``); relative ones count
    from the working directory, and ``*`` goes through folders."""
    logs: tuple[str, ...] = ()
    """Globs of names of loggers whose records are looked at; ``on`` = all, ``off`` = none."""
    registry_values: int = 100_000
    """Most tagged values kept in memory."""
    registry_seconds: int = 3600
    """Longest time a tagged value is kept in memory."""


def load_settings(
    environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Read the settings; raises ``ValueError`` with one line naming the wrong one."""
    environ = os.environ if environ is None else environ
    raw: dict[str, Any] = {}
    config = environ.get("SST_CONFIG")
    if config:
        raw.update(_read_file(Path(config)))
    for name in _READERS:
        text = environ.get("SST_" + name.upper())
        if text is not None:
            raw[name] = text
    raw.update(overrides or {})
    unknown = sorted(set(raw) - set(_READERS))
    if unknown:
        raise ValueError(f"unknown setting {unknown[0]!r}; known: {', '.join(sorted(_READERS))}")
    values = {name: _read(name, value) for name, value in raw.items()}
    values.setdefault("service_name", environ.get("OTEL_SERVICE_NAME", ""))
    url = str(values.get("database_url", DEFAULT_DATABASE_URL))
    values.setdefault("spool_dir", _spool_beside(url))
    if "key_file" not in values and _sqlite_path(url) is not None:
        values["key_file"] = _sqlite_path(url).with_name("sst.key")  # type: ignore[union-attr]
    return Settings(**values)


def _read_file(path: Path) -> dict[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"SST_CONFIG: cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ValueError(f"SST_CONFIG: {path} is not valid YAML") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise ValueError(f"SST_CONFIG: {path} must hold a mapping of settings")
    return {key.lower(): value for key, value in loaded.items()}


def _read(name: str, value: Any) -> Any:
    try:
        return _READERS[name](value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"SST_{name.upper()}: {error}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a non-empty text")
    return value.strip()


def _optional_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return _text(value)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    lowered = str(value).strip().lower()
    if lowered in ("1", "true", "yes", "on"):
        return True
    if lowered in ("0", "false", "no", "off", ""):
        return False
    raise ValueError("must be on or off")


def _whole_number(value: Any) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise ValueError("must be a whole number") from None
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _names(value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise ValueError("must be a list of names separated by commas")
    return tuple(item.strip() for item in items if item.strip())


def _loggers(value: Any) -> tuple[str, ...]:
    if isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in _SWITCHES):
        return ("*",) if _flag(value) else ()
    return _names(value)


def _owner_rules(value: Any) -> tuple[str, ...]:
    rules = _names(value)
    for rule in rules:
        kind, colon, argument = rule.partition(":")
        if rule not in ("flask_login", "session") and not (
            kind in _RULE_KINDS and colon and argument
        ):
            raise ValueError(
                f"{rule!r} is not a rule; use flask_login, session:KEY, jwt:CLAIM or header:NAME"
            )
    return rules


def _url(value: Any) -> str:
    text = _text(value)
    if "://" not in text:
        raise ValueError("must be a SQLAlchemy URL such as sqlite:///sst_audit.db")
    return text


def _lineage(value: Any) -> str:
    if value is False:  # YAML reads a bare off as false
        return "off"
    text = _text(value)
    for name in text.split(","):
        if not name.strip().replace("_", "a").isidentifier():
            raise ValueError("must be auto, off or top-level package names")
    return text


def _section(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a mapping")
    return value


def _data_types(value: Any) -> dict[str, Any]:
    section = _section(value)
    for name, spec in section.items():
        if spec is False or spec == "off":
            continue
        if not isinstance(spec, dict) or not set(spec) <= {"fields", "pattern"}:
            raise ValueError(f"{name}: must be 'off' or a mapping with fields and pattern")
    return section


def _models(value: Any) -> dict[str, Any]:
    section = _section(value)
    for name, spec in section.items():
        if not isinstance(spec, dict) or not set(spec) <= {"owner", "fields", *KEYS}:
            raise ValueError(
                f"{name}: must be a mapping with owner, fields, track, propagate, opaque"
            )
        try:
            read_choice(spec)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return section


def _fields(value: Any) -> dict[str, Any]:
    section = _section(value)
    unknown = sorted(set(map(str, section)) - KEYS)
    if unknown:
        raise ValueError(f"{unknown[0]}: must be track, propagate or opaque")
    read_choice(section)
    return section


def _recipients(value: Any) -> tuple[Mapping[str, Any], ...]:
    known = {"host", "path", "name", "purpose", "role", "country"}
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be a list")
    for entry in value:
        if not isinstance(entry, dict) or not {"host", "name"} <= set(entry) <= known:
            raise ValueError(f"each entry needs host and name, and may have {sorted(known)}")
    return tuple(value)


def _sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL; None for memory and for other databases."""
    scheme, _, rest = url.partition("://")
    if not scheme.startswith("sqlite") or not rest.startswith("/"):
        return None
    name = rest[1:].partition("?")[0]
    return None if name in ("", ":memory:") else Path(name)


def _spool_beside(url: str) -> Path:
    path = _sqlite_path(url)
    return path.with_suffix(".spool") if path is not None else Path("sst_audit.spool")


_READERS: dict[str, Callable[[Any], Any]] = {
    "database_url": _url,
    "spool_dir": lambda value: Path(_text(str(value))),
    "retention_days": _whole_number,
    "key": _optional_text,
    "key_file": lambda value: Path(_text(str(value))),
    "first_party_hosts": _names,
    "own_databases": _names,
    "lineage": _lineage,
    "hooks": _flag,
    "owner": _owner_rules,
    "pages": _flag,
    "staff_token": _optional_text,
    "disabled": _flag,
    "service_name": _text,
    "data_types": _data_types,
    "models": _models,
    "fields": _fields,
    "recipients": _recipients,
    "files": _names,
    "logs": _loggers,
    "registry_values": _whole_number,
    "registry_seconds": _whole_number,
}
assert set(_READERS) == {item.name for item in fields(Settings)}
