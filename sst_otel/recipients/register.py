"""Who stands behind a host and path, and how the call is shown to a person (design rule 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sst_otel.recipients.hosts import Entry, HostIndex
from sst_otel.recipients.loading import load_yaml
from sst_otel.recipients.paths import Template, masked
from sst_otel.remembered import remembered
from sst_otel.shares import Recipient

UNKNOWN = Recipient()
_FILE = Path(__file__).with_name("register.yaml")


class Register:
    """The package's register behind the installation's own entries.

    ``extra``: ``recipients`` of the settings, mappings with ``host`` and ``name`` and maybe
    ``path``, ``purpose``, ``role``, ``country``; they win over the package's. An entry of theirs
    with a path speaks for that path alone, since the rest of the host may be somebody else's.
    """

    def __init__(self, extra: Iterable[Mapping[str, Any]] = ()) -> None:
        own = [_entry({"paths_only": "path" in entry, **entry}) for entry in extra]
        self._own = HostIndex(own)
        self._find = remembered(1024)(self._entries)

    def lookup(self, host: str, path: str) -> Recipient:
        """Return who gets what is sent there; :data:`UNKNOWN` for a host the register lacks."""
        entry, _ = self._match(host, path)
        return UNKNOWN if entry is None else entry.recipient

    def describe(self, method: str, host: str, path: str) -> str:
        """Return what a person reads: ``POST graph.facebook.com/v21.0/{pixel}/events``.

        No value of ``path`` is in it: known endpoints are shown by their template, of others only
        words that many APIs use; query and fragment are dropped.
        """
        _, shown = self._match(host, path)
        verb = method.upper() if method.isascii() and method.isalpha() else ""
        return f"{verb} {_host(host)}{masked(path) if shown is None else shown}".strip()

    def _match(self, host: str, path: str) -> tuple[Entry | None, str | None]:
        """Return the entry that speaks for host and path, and the path as its template shows it."""
        hosts = self._find(_host(host))
        for entries in hosts:
            best: tuple[int, Entry, str] | None = None
            for entry in entries:
                for template in entry.templates:
                    if best is not None and template.literals <= best[0]:
                        continue
                    shown = template.render(path)
                    if shown is not None:
                        best = (template.literals, entry, shown)
            if best is not None:
                return best[1], best[2]
            whole = [entry for entry in entries if not entry.paths_only]
            if whole:
                return whole[0], None
        return None, None

    def _entries(self, host: str) -> tuple[tuple[Entry, ...], ...]:
        """Return the installation's entries for a host, then the package's."""
        return self._own.find(host), _builtin().find(host)


@lru_cache(maxsize=1)
def _builtin() -> HostIndex:
    return HostIndex([_entry(fields) for fields in load_yaml(_FILE)])


def _entry(fields: Mapping[str, Any]) -> Entry:
    return Entry(
        hosts=tuple(host.lower().rstrip(".") for host in _list(fields["host"])),
        templates=tuple(Template(path) for path in _list(fields.get("path", []))),
        paths_only=bool(fields.get("paths_only", False)),
        recipient=Recipient(
            name=str(fields["name"]),
            purpose=str(fields.get("purpose", "unknown")),
            role=str(fields.get("role", "unknown")),
            country=str(fields.get("country", "unknown")),
        ),
    )


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _host(host: str) -> str:
    """Return the bare host: lower case, no user name before ``@``, no dot at the end."""
    return host.rpartition("@")[2].lower().rstrip(".")
