"""Finds the entries for a host: exact names first, then globs, the most specific first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sst_otel.recipients.paths import Template
from sst_otel.shares import Recipient


@dataclass(frozen=True, slots=True)
class Entry:
    """One organisation at some hosts."""

    hosts: tuple[str, ...]
    """Lower-case names or globs."""
    templates: tuple[Template, ...]
    """Known paths; empty where the register names none."""
    paths_only: bool
    """The host says nothing on other paths."""
    recipient: Recipient


class HostIndex:
    """Entries by host; a look-up costs as many dictionary gets as the host has labels."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._exact: dict[str, list[Entry]] = {}
        self._globs: dict[str, list[tuple[int, re.Pattern[str] | None, Entry]]] = {}
        for entry in entries:
            for host in entry.hosts:
                if "*" not in host:
                    self._exact.setdefault(host, []).append(entry)
                    continue
                # Most globs are all hosts below a domain; compiling them would take the longest.
                below = host.startswith("*.") and "*" not in host[1:]
                pattern = None if below else _pattern(host)
                literals = len(host) - host.count("*")
                globs = self._globs.setdefault(_fixed_end(host), [])
                globs.append((literals, pattern, entry))
        for globs in self._globs.values():
            globs.sort(key=lambda item: -item[0])

    def find(self, host: str) -> tuple[Entry, ...]:
        """Return the entries for ``host`` (lower case), the most specific first."""
        found = list(self._exact.get(host, ()))
        labels = host.split(".")
        for start in range(len(labels) + 1):
            end = ".".join(labels[start:])
            for _, pattern, entry in self._globs.get(end, ()):
                if start > 0 if pattern is None else pattern.fullmatch(host):
                    found.append(entry)
        return tuple(found)


def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, glob.split("*"))))


def _fixed_end(glob: str) -> str:
    """Return the whole labels behind the last star: ``amazonaws.com`` of ``s3.*.amazonaws.com``."""
    return glob.rpartition("*")[2].partition(".")[2]
