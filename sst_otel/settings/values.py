"""How the value of each setting is read, from a variable's text or from YAML.

Each reader raises ``ValueError`` that says what the value must be, never what it is: it may be a
secret. Names of rules, models and data types are no secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sst_otel.datatypes.taxonomy import load_taxonomy
from sst_otel.selection import KEYS, read_choice

LOG_INS = ("flask_login", "django_auth", "starlette_auth", "web_login")
"""Owner rules that ask a framework's own log-in."""
_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"0", "false", "no", "off", ""})
_RULE_KINDS = ("session", "header", "jwt")
_PORT = re.compile(r"[^:]*:\d+")


def text(value: Any) -> str:
    """Read a text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a non-empty text")
    return value.strip()


def optional_text(value: Any) -> str | None:
    """Read a text, or none."""
    if value is None or value == "":
        return None
    return text(value)


def path(value: Any) -> Path:
    """Read a path."""
    return Path(text(str(value)))


def flag(value: Any) -> bool:
    """Read a switch."""
    if isinstance(value, bool):
        return value
    lowered = str(value).strip().lower()
    if lowered in _ON:
        return True
    if lowered in _OFF:
        return False
    raise ValueError("must be on or off")


def whole_number(value: Any) -> int:
    """Read a number that is not negative."""
    try:
        number = int(str(value))
    except ValueError:
        raise ValueError("must be a whole number") from None
    if number < 0:
        raise ValueError("must not be negative")
    return number


def names(value: Any) -> tuple[str, ...]:
    """Read a list, or what commas separate."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise ValueError("must be a list of names separated by commas")
    return tuple(item.strip() for item in items if item.strip())


def servers(value: Any) -> tuple[str, ...]:
    """Read globs of servers: ``host``, ``host:port``, ``host/database``, the name of a queue."""
    found = names(value)
    if any("://" in pattern for pattern in found):
        raise ValueError("must be hosts such as *.shop.internal, not URLs")
    return found


def hosts(value: Any) -> tuple[str, ...]:
    """Read globs of hosts."""
    found = servers(value)
    if any("/" in pattern or _PORT.fullmatch(pattern) for pattern in found):
        raise ValueError("must be hosts such as *.shop.internal, without port or path")
    return found


def loggers(value: Any) -> tuple[str, ...]:
    """Read globs of loggers' names; ``on`` is all of them, ``off`` none."""
    if isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in _ON | _OFF):
        return ("*",) if flag(value) else ()
    return names(value)


def owner_rules(value: Any) -> tuple[str, ...]:
    """Read the rules of ``SST_OWNER``."""
    rules = names(value)
    for rule in rules:
        kind, colon, argument = rule.partition(":")
        if rule not in (*LOG_INS, "session") and not (kind in _RULE_KINDS and colon and argument):
            raise ValueError(
                f"{rule!r} is not a rule; use {', '.join(LOG_INS)}, session:KEY, jwt:CLAIM "
                "or header:NAME"
            )
    return rules


def endpoint(value: Any) -> str | None:
    """Read the base URL of a server."""
    found = optional_text(value)
    if found is None:
        return None
    try:
        parts = urlsplit(found)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # its text quotes the value
        good = False
    if not good or parts.query or parts.fragment:
        raise ValueError("must be a base URL such as https://collector.internal:4328")
    if parts.username is not None:
        raise ValueError("must have no user or password in it; there is SST_AUDIT_TOKEN")
    return found


def trace_address(value: Any) -> str | None:
    """Read the address of a page of one trace."""
    found = optional_text(value)
    if found is None:
        return None
    try:
        parts = urlsplit(found)
        good = parts.scheme in ("http", "https") and parts.hostname and "{trace_id}" in found
    except ValueError:
        good = False
    if not good:
        raise ValueError("must be a URL such as https://jaeger.internal/trace/{trace_id}")
    return found


def durability(value: Any) -> str:
    """Read what an event survives."""
    if value not in ("normal", "full"):
        raise ValueError("must be normal or full")
    return str(value)


def url(value: Any) -> str:
    """Read a SQLAlchemy URL."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    found = text(value)
    try:
        make_url(found)
    except (ArgumentError, ValueError):  # a port that is no number; the text may quote a password
        raise ValueError("must be a SQLAlchemy URL such as sqlite:///sst_audit.db") from None
    return found


def lineage(value: Any) -> str:
    """Read ``auto``, ``off`` or names of packages."""
    if value is False:  # YAML reads a bare off as false
        return "off"
    found = text(value)
    for name in found.split(","):
        if not name.strip().replace("_", "a").isidentifier():
            raise ValueError("must be auto, off or top-level package names")
    return found


def data_types(value: Any) -> dict[str, Any]:
    """Read data types of the application's own, and those that are off."""
    section = _section(value)
    for name, spec in section.items():
        if spec is False or spec == "off":
            continue
        if not isinstance(spec, dict) or not set(spec) <= {"fields", "pattern"}:
            raise ValueError(f"{name}: must be 'off' or a mapping with fields and pattern")
    load_taxonomy(section)
    return section


def models(value: Any) -> dict[str, Any]:
    """Read what is to be known of models."""
    section = _section(value)
    for name, spec in section.items():
        if not isinstance(spec, dict) or not set(spec) <= {"owner", "fields", *KEYS}:
            raise ValueError(
                f"{name}: must be a mapping with owner, fields, track, propagate, opaque"
            )
        if not isinstance(spec.get("owner", ""), str):
            raise ValueError(f"{name}: owner must be the name of an attribute")
        if not isinstance(spec.get("fields") or {}, dict):
            raise ValueError(f"{name}: fields must be a mapping of attributes to data types")
        try:
            read_choice(spec)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return section


def require_types(models: Mapping[str, Any], data_types: Mapping[str, Any]) -> None:
    """Check that the fields of models have types that are known with these ``data_types``."""
    known = load_taxonomy(data_types).types if models else {}
    for name, spec in models.items():
        for field, data_type in (spec.get("fields") or {}).items():
            if data_type not in ("off", False) and data_type not in known:
                raise ValueError(f"{name}: {field}: {data_type!r} is no data type here")


def choice(value: Any) -> dict[str, Any]:
    """Read which fields are tracked, followed or only named."""
    section = _section(value)
    unknown = sorted(set(map(str, section)) - KEYS)
    if unknown:
        raise ValueError(f"{unknown[0]}: must be track, propagate or opaque")
    read_choice(section)
    return section


def recipients(value: Any) -> tuple[Mapping[str, Any], ...]:
    """Read entries of the recipient register."""
    known = {"host", "path", "name", "purpose", "role", "country"}
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be a list")
    for entry in value:
        if not isinstance(entry, dict) or not {"host", "name"} <= set(entry) <= known:
            raise ValueError(f"each entry needs host and name, and may have {sorted(known)}")
        for key, said in entry.items():
            several = said if key in ("host", "path") and isinstance(said, list) else [said]
            if not all(isinstance(one, str) and one for one in several):
                raise ValueError(f"{key} must be a text (in YAML, quote a country like 'NO')")
    return tuple(value)


def _section(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a mapping")
    return value
