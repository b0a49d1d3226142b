"""Addresses of things: a mailing list's, an event's, what an application is told to write to.

Holds digests of them, never the addresses: Python's own salted hash, of this process alone. What a
visitor types that is one of them is nobody's; what stands in a person's own row stays theirs.
"""

from __future__ import annotations

import re

from sst_otel.registry.datum import Datum

_ADDRESS = re.compile(r"[^\s@<>,;\"']{1,64}@[^\s@<>,;\"']{3,250}")
_MOST = 20_000


class Mailboxes:
    """The addresses of things, as far as this process has met them."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._conceded: set[int] = set()
        """Addresses that people have as well."""

    def __repr__(self) -> str:
        return f"<Mailboxes of {len(self._known)}>"

    def learn(self, text: object) -> None:
        """Note the text of a thing's column, if it is an address."""
        if type(text) is str and "@" in text and _ADDRESS.fullmatch(text.strip()):
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known.add(_key(text))

    def concede(self, address: object) -> None:
        """Note that an address stands in the row of a person: whose it is it stays."""
        if type(address) is str:
            if len(self._conceded) >= _MOST:
                self._conceded.clear()
            self._conceded.add(_key(address))

    def has(self, address: object) -> bool:
        """Whether a text is the address of a thing, and nobody's."""
        if not self._known or type(address) is not str:
            return False
        key = _key(address)
        return key in self._known and key not in self._conceded

    def explain(self, datum: Datum) -> bool:
        """Whether a datum is such an address, and nobody's row has it."""
        return (
            datum.data_type == "email"
            and self.has(datum.value)
            and not (datum.owner.ref and datum.stored)
        )


def _key(text: str) -> int:
    return hash(text.strip().casefold())
