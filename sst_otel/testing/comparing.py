"""Assertions about shares; failures say what was shared, to whom and why, and hold no values."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from sst_otel import tracker
from sst_otel.datatypes import load_taxonomy
from sst_otel.registry.datum import DERIVED
from sst_otel.testing.shares import Share, Shares
from sst_otel.testing.tracking import current

ANYBODY = "*"
_POLL_SECONDS = 0.02
_MODULES_NAMED = 5

Expected = tuple[Any, str, Collection[str]]
"""``(owner, recipient or destination, data types)``."""


def assert_shares(
    shares: Shares | None,
    expected: Iterable[Expected],
    *,
    exactly: bool = True,
    databases: bool = False,
    timeout: float = 0.0,
) -> None:
    """Assert that what was shared is what is expected: ``(owner, to whom, {data types})`` each.

    ``owner``: the application's own id, ``"*"`` for anybody, None for a visitor or somebody not
    known. To whom: the recipient's name, the host, or the destination as ``str(share)`` shows it,
    whole and in any case, ``*`` standing for anything. The types are all types of the share
    (``derived``: a computed value).

    ``exactly``: nothing else was shared, and each as often as it is listed; else each at least
    once. ``databases``: count what the application writes into its own database, too. ``timeout``:
    seconds to wait for it, where the application shares in the background. ``shares``: None for
    those of the innermost open block. Raises ``AssertionError``, ``ValueError`` for a type that
    does not exist.
    """
    __tracebackhide__ = True
    shares = current() if shares is None else shares
    wanted = [_Wanted(shares, *one) for one in expected]

    def problem() -> str:
        seen = [one for one in shares if databases or not one.is_database]
        missing, extra = _compare(wanted, seen, exactly=exactly)
        return "\n".join(_told(shares, missing, extra, seen)) if missing or extra else ""

    _check(problem, timeout)


def assert_no_shares(
    shares: Shares | None = None,
    owner: Any = ANYBODY,
    to: str = "*",
    types: Collection[str] | None = None,
    *,
    databases: bool = False,
) -> None:
    """Assert that nothing was shared: of ``owner``, ``to`` somebody, of one of these ``types``.

    Arguments as in :func:`assert_shares`; None for ``types`` is any.
    """
    __tracebackhide__ = True
    shares = current() if shares is None else shares
    banned = _Wanted(shares, owner, to, () if types is None else types)
    extra = [
        one
        for one in shares
        if (databases or not one.is_database)
        and banned.is_whose(one)
        and banned.is_to(one)
        and (types is None or banned.types & one.types)
    ]
    if extra:
        raise AssertionError("\n".join(_told(shares, [], extra, extra)))


class _Wanted:
    """One expectation."""

    def __init__(self, shares: Shares, owner: Any, to: str, types: Collection[str]) -> None:
        self.owner = owner if owner is None else str(owner)
        self.to = to
        self.types = frozenset([types] if isinstance(types, str) else types)
        known = {*load_taxonomy(shares.settings.data_types).types, DERIVED}
        unknown = sorted(self.types - known)
        if unknown:
            raise ValueError(f"there is no data type {unknown[0]!r}; known: {sorted(known)}")
        pattern = ".*".join(map(re.escape, to.split("*")))
        self._to = re.compile(pattern, re.IGNORECASE | re.DOTALL)

    def __str__(self) -> str:
        whose = "anybody" if self.owner == ANYBODY else self.owner or "somebody not known"
        return f"{', '.join(sorted(self.types)) or 'nothing'} of {whose} to {self.to}"

    def is_whose(self, share: Share) -> bool:
        return self.owner in (ANYBODY, share.owner)

    def is_to(self, share: Share) -> bool:
        names = (share.recipient, share.host, share.destination)
        return any(self._to.fullmatch(name) for name in names)

    def is_met_by(self, share: Share) -> bool:
        return self.is_whose(share) and self.is_to(share) and self.types == share.types


def _check(problem: Callable[[], str], timeout: float) -> None:
    """Raise with the problem, if there is one still when the time is over."""
    __tracebackhide__ = True
    end = time.monotonic() + timeout
    while text := problem():
        if time.monotonic() >= end:
            raise AssertionError(text)
        time.sleep(_POLL_SECONDS)


def _compare(
    wanted: Sequence[_Wanted], seen: Sequence[Share], *, exactly: bool
) -> tuple[list[_Wanted], list[Share]]:
    """Return the expectations that nothing meets, and the shares that meet none."""
    if not exactly:
        return [one for one in wanted if not any(map(one.is_met_by, seen))], []
    taken: dict[int, int] = {}
    for index in range(len(wanted)):
        _pair(index, wanted, seen, taken, set())
    met = set(taken.values())
    missing = [one for index, one in enumerate(wanted) if index not in met]
    return missing, [share for index, share in enumerate(seen) if index not in taken]


def _pair(
    index: int,
    wanted: Sequence[_Wanted],
    seen: Sequence[Share],
    taken: dict[int, int],
    tried: set[int],
) -> bool:
    """Find a share for an expectation, moving others: wide patterns leave the narrow ones theirs.

    Augmenting paths in a bipartite graph (Kuhn 1955). ``taken``: share → expectation.
    """
    for place, share in enumerate(seen):
        if place in tried or not wanted[index].is_met_by(share):
            continue
        tried.add(place)
        if place not in taken or _pair(taken[place], wanted, seen, taken, tried):
            taken[place] = index
            return True
    return False


def _told(
    shares: Shares, missing: list[_Wanted], extra: list[Share], seen: list[Share]
) -> Iterator[str]:
    yield f"{len(extra)} shared that should not be, {len(missing)} not shared that should be"
    if extra:
        yield "\nShared, not expected:"
        for share in extra:
            yield from _lines(share)
    if missing:
        yield "\nExpected, not shared:"
        for one in missing:
            yield f"  {one}"
        rest = [share for share in seen if share not in extra]
        if rest:
            yield "\nShared as expected:"
            yield from (f"  {share}" for share in rest)
        yield from _hints(shares)


def _lines(share: Share) -> Iterator[str]:
    yield f"  {share}"
    if share.line:
        yield f"    at {share.line}"
    for found in share.found:
        yield f"    {found.data_type} in {found.path}: {found.why}"


def _hints(shares: Shares) -> Iterator[str]:
    """Say what may have kept a share from being seen."""
    hints = [
        f"sst_otel failed {count} times at {place}; please report it"
        for place, count in shares.failures.items()
    ]
    running = tracker.running()
    state = running.state() if running is not None else {}
    skipped = sorted(state.get("modules_skipped", {}))
    if skipped:
        named = ", ".join(skipped[:_MODULES_NAMED])
        more = len(skipped) - _MODULES_NAMED
        hints.append(
            f"what is computed in {named}{f' and {more} more' if more > 0 else ''} is not "
            "followed; see sst_otel.testing.follow()"
        )
    if hints:
        yield "\nNote:"
        yield from (f"  {hint}" for hint in hints)
