"""The table of all settings: name, how it is read, default and meaning.

A field of :class:`Settings` is ``SST_NAME`` in the environment and ``name`` in a file. The
docstring under it is what ``docs/settings.md`` says (``python -m tools.settings_table``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sst_otel.settings import values

DEFAULT_DATABASE_URL = "sqlite:///sst_audit.db"
ADDRESS = "database_url"
"""The setting that may have a password in it."""
_OPTION = "option"


@dataclass(frozen=True, slots=True)
class Option:
    """A row of the table."""

    read: Callable[[Any], Any]
    """Returns the checked value; raises ``ValueError`` that says what it must be."""
    default: Any
    told: str | None = None
    """The default in words, where it is no constant."""
    secret: bool = False
    """Whether its value is never shown."""
    structured: bool = False
    """Whether it is more than a text can say: it stands in files only."""


def _setting(
    read: Callable[[Any], Any],
    default: Any,
    told: str | None = None,
    *,
    secret: bool = False,
    structured: bool = False,
) -> Any:
    option = Option(read, default, told, secret, structured)
    if isinstance(default, dict):
        return field(default_factory=dict, metadata={_OPTION: option})
    return field(default=default, repr=not secret, metadata={_OPTION: option})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, checked. :func:`~sst_otel.settings.load_settings` builds it."""

    database_url: str = _setting(values.url, DEFAULT_DATABASE_URL)
    """The audit store, any SQLAlchemy URL. Not the application's own SQLite file: that has one
    writer."""
    spool_dir: Path = _setting(  # noqa: RUF009 - it makes a field
        values.path, Path("sst_audit.spool"), "beside the store"
    )
    """Directory of the journals that hold events until the store has them."""
    audit_endpoint: str | None = _setting(values.endpoint, None, "unset: the embedded store")
    """Base URL of an OTLP/HTTP receiver, a collector or `sst-otel ingest`: events go there instead
    of into the embedded store."""
    audit_token: str | None = _setting(values.optional_text, None, "unset: none", secret=True)
    """Bearer token for the endpoint."""
    ingest_token: tuple[str, ...] = _setting(
        values.names, (), "unset: this machine alone", secret=True
    )
    """Bearer tokens that `sst-otel ingest` takes, separated by commas: two while one replaces the
    other."""
    durability: str = _setting(values.durability, "normal")
    """``normal``: an event survives the death of its process before it leaves; ``full``: that of
    the machine too (a sync of the disk an event)."""
    spool_limit: int = _setting(values.whole_number, 1024)
    """Megabytes that journals may take on the disk, all processes of a directory together; beyond
    it events are lost, which is counted and told as a gap. 0 is no limit."""
    retention_days: int = _setting(values.whole_number, 365)
    """Rows older than this are removed; 0 keeps everything."""
    key: str | None = _setting(
        values.optional_text, None, "`sst.key` beside the store", secret=True
    )
    """Mints pseudonyms and tag ids; 16 characters at least. Services that shall know each other's
    tags share it."""
    key_file: Path = _setting(  # noqa: RUF009 - it makes a field
        values.path, Path("sst.key"), "`sst.key` beside the store"
    )
    """File of the key where ``SST_KEY`` is not set; made once, mode 0600."""
    owner: tuple[str, ...] = _setting(
        values.owner_rules,
        (
            *values.LOG_INS,
            "session:user_id",
            "session:_user_id",
            "session:uid",
            "session:user",
            "session:id",
            "session",
            "jwt:sub",
        ),
    )
    """Ordered rules that say whose a request is: a framework's log-in (``flask_login``,
    ``django_auth``, ``starlette_auth``; ``web_login`` for Pyramid, Falcon, CherryPy, Tornado and
    aiohttp), ``session:KEY``, ``jwt:CLAIM``, ``header:NAME``; ``session`` alone is what the names
    of its keys tell (``customer_id``, ``user_email``)."""
    first_party_hosts: tuple[str, ...] = _setting(values.hosts, ())
    """Your own services, by globs of hosts: what goes there is told as ``http_request``."""
    trusted_hosts: tuple[str, ...] = _setting(values.servers, ())
    """Your own services with the same ``SST_KEY``, by globs of ``host`` or ``host:port``: they are
    told, in baggage, whose data a call carries; nobody else is."""
    own_databases: tuple[str, ...] = _setting(
        values.servers, (), "this machine's, and the first server of each kind"
    )
    """Your own databases and brokers, by globs of ``host``, ``host:port`` or ``host/database``;
    others are recipients."""
    files: tuple[str, ...] = _setting(values.names, ())
    """Globs of files that are looked at as they are written (``exports/*.csv``); relative ones
    count from the working directory, and ``*`` goes through folders."""
    logs: tuple[str, ...] = _setting(values.loggers, ())
    """Globs of names of loggers whose records are looked at; ``on`` is all of them."""
    lineage: str = _setting(values.lineage, "auto")
    """Where computed values are followed: ``auto`` (the application's own modules), ``off``, or
    top-level packages."""
    hooks: bool = _setting(values.flag, default=True)
    """Whether digests and codes that libraries make of personal data are noted; without it only
    unsalted MD5, SHA-1 and SHA-256 and what rewritten modules compute are recognised."""
    redact: bool = _setting(values.flag, default=True)
    """Whether known personal values are replaced in everything that OpenTelemetry exports."""
    pages: bool = _setting(values.flag, default=True)
    """Whether the pages stand beside a Flask application, under ``/provenance/``."""
    trace_url: str | None = _setting(values.trace_address, None, "unset: no link")
    """Where staff see a trace, with ``{trace_id}`` in it, such as
    ``https://jaeger.internal/trace/{trace_id}``: the pages link each share to its trace."""
    staff_token: str | None = _setting(values.optional_text, None, "unset: no staff", secret=True)
    """Bearer token that opens the rows of everybody."""
    service_name: str = _setting(values.text, "", "OpenTelemetry's")
    """What this service is called in the events."""
    registry_values: int = _setting(values.whole_number, 100_000)
    """Most tagged values kept in memory."""
    registry_seconds: int = _setting(values.whole_number, 3600)
    """Longest time that a tagged value is kept in memory."""
    disabled: bool = _setting(values.flag, default=False)
    """Switches tracking off. In OpenTelemetry's file ``enabled: false`` does the same."""
    data_types: Mapping[str, Any] = _setting(values.data_types, {}, structured=True)
    """Types of your own, by ``fields`` and a ``pattern``; ``off`` for one that is not wanted."""
    models: Mapping[str, Any] = _setting(values.models, {}, structured=True)
    """Per model class: ``owner`` (the attribute), ``fields`` (attribute to data type), and
    ``track``, ``propagate``, ``opaque`` as for ``fields``."""
    fields: Mapping[str, Any] = _setting(values.choice, {}, structured=True)
    """What of requests, jobs and commands is tagged at all (``track``), followed through the
    program (``propagate``), or only named as a type (``opaque``): lists of names, or
    ``{except: [...]}``."""
    recipients: tuple[Mapping[str, Any], ...] = _setting(values.recipients, (), structured=True)
    """Entries before those of the register: ``host`` and ``name``, maybe ``path``, ``purpose``,
    ``role``, ``country``."""


OPTIONS: Mapping[str, Option] = {item.name: item.metadata[_OPTION] for item in fields(Settings)}
"""Each setting by its name."""


def told(settings: Settings) -> dict[str, Any]:
    """Return settings as JSON has them, without secrets and without the store's address."""
    return {
        name: plain(getattr(settings, name))
        for name, option in OPTIONS.items()
        if not option.secret and name != ADDRESS
    }


def plain(value: Any) -> Any:
    """Return a setting's value as JSON has it."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (tuple, list)):
        return [one if isinstance(one, str) else dict(one) for one in value]
    return value
