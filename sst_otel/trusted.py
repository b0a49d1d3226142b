"""Hosts that our provenance may go to: services of the same owner (``SST_TRUSTED_HOSTS``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache


class TrustedHosts:
    """Globs of ``host`` or ``host:port``; none trusts nobody."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._patterns = tuple(pattern.lower() for pattern in patterns)
        self._trusts = lru_cache(maxsize=512)(self._look_up)

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def trusts(self, host: str, port: int | None) -> bool:
        """Whether ``host`` may know; one without a name is nobody's."""
        return bool(self._patterns and host) and self._trusts(host, port)

    def trusts_any(self, targets: Iterable[tuple[str, int | None]]) -> bool:
        """Whether one of the names of a target, each with its port, may know: broker or queue."""
        return any(self.trusts(host, port) for host, port in targets)

    def _look_up(self, host: str, port: int | None) -> bool:
        host = host.lower().strip("[]").rstrip(".")
        return any(
            fnmatchcase(host, pattern) or fnmatchcase(f"{host}:{port}", pattern)
            for pattern in self._patterns
        )
