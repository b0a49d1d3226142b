"""Claims: a door that has looked at a call keeps the doors below it from looking again.

``requests`` sits on urllib3, which sits on http.client, which writes to a socket. Each of them is a
door for whoever uses it directly; the outermost one that looks claims the host, and what reaches
the same host inside that call is the same bytes. A call to another host inside it (a token
refreshed by a hook) is a call of its own.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar, Token


class Claim:
    """A call being looked at. Tasks and threads begun inside inherit it, and see it closed."""

    __slots__ = ("_token", "host", "outer")

    def __init__(self, host: str) -> None:
        self.host = host
        """Lower case; the one the application asked for."""
        self.outer = _open()  # closed ones would make a chain in a task that never ends
        """The open claim of the call around this one."""
        self._token: Token[Claim | None] | None = _current.set(self)

    def close(self) -> None:
        """End the claim, in the context it was made in."""
        token, self._token = self._token, None
        if token is not None:
            with suppress(ValueError):  # an async generator closed from another context
                _current.reset(token)

    def end(self, error: BaseException | None = None) -> None:
        """End the claim of a call that returned, or raised ``error``."""
        del error
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether the call is still running."""
        return self._token is not None


_current: ContextVar[Claim | None] = ContextVar("sst_claim", default=None)


def _open() -> Claim | None:
    claim = _current.get()
    while claim is not None and not claim.is_open:
        claim = claim.outer
    return claim


def is_claimed(host: str | None = None) -> bool:
    """Whether an open call around this one has been looked at, to ``host`` or (None) to any."""
    claim = _open()
    while claim is not None:
        if claim.is_open and (host is None or claim.host == host):
            return True
        claim = claim.outer
    return False
