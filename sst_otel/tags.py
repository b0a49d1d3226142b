"""Tag and Owner, and how their ids are minted (design rule 10).

Ids are HMACs under the installation's key: the same datum of the same person has the same tag id in
every request, process and restart, and nobody without the key can compute it from a guess.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hmac import digest as hmac_digest  # taken before it is hooked

from sst_otel.remembered import remembered

_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(first + second for first in _DIGITS for second in _DIGITS)


@dataclass(frozen=True, slots=True)
class Tag:
    """One personal datum of one person. Holds no value."""

    tag_id: str
    """``tag_`` and 20 base32 characters."""
    owner_ref: str
    data_type: str
    """One of the taxonomy's types, or ``derived``."""
    source: str
    """Where it was first seen: ``form_field:email``, ``json:user.email``, ``db:users.email``."""
    lineage: tuple[str, ...] = ()
    """Tag ids of the parents of a derived value."""
    transformations: tuple[str, ...] = ()
    """Operations that made a derived value, in order."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The person a datum belongs to."""

    ref: str
    """26 base32 characters; ``""`` for nobody known (:data:`NOBODY`)."""
    id: str | None
    """The application's own id; ``None`` for a visitor without an account."""

    @property
    def known(self) -> bool:
        """Whether the application's own id is known."""
        return self.id is not None


NOBODY = Owner("", None)
"""The owner of a value whose person cannot be told. It never anchors another value."""

ERASED = "erased"
"""Stands where a tag id is gone because its person was erased."""


class Minter:
    """Makes owners and tag ids under one key.

    ``key``: at least 16 bytes, from :mod:`sst_otel.keys`.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.owner = remembered(20_000)(self._owner)

    def _owner(self, owner_id: str) -> Owner:
        return Owner(self._digest("owner", owner_id)[:26], owner_id)

    def visitor(self) -> Owner:
        """Return a new pseudonym for a visitor whose account is not known (yet)."""
        return Owner(self._digest("visit", os.urandom(16).hex())[:26], None)

    def tag_id(self, owner_ref: str, data_type: str, normalised: str) -> str:
        """Return the id of the datum ``normalised`` of type ``data_type`` of ``owner_ref``."""
        return "tag_" + self._digest(owner_ref, data_type, normalised)[:20]

    def _digest(self, *fields: str) -> str:
        message = "|".join(fields).encode("utf-8", "surrogatepass")
        return _base32(hmac_digest(self._key, message, "sha256"))


def _base32(digest: bytes) -> str:
    """Return the first 26 lower-case base32 digits (RFC 4648) of 32 bytes.

    The standard library's encoder is a loop in Python over all of them, and an id is minted for
    every computed value that leaves.
    """
    number = int.from_bytes(digest, "big") >> (256 - 130)
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
